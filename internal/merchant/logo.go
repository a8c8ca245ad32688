package merchant

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"

	"github.com/quittance/quittance/internal/problem"
)

const (
	// MaxLogo is the largest file of a logo, in bytes.
	MaxLogo = 512 << 10
	// MaxLogoSide is its largest width and height, in pixels.
	MaxLogoSide = 2000

	keptWidth, keptHeight = 720, 300 // enough for 60 by 25 millimetres in print
)

// Logo is the picture on a company's documents.
type Logo struct {
	ContentType string // image/png or image/jpeg
	Content     []byte
}

// NewLogo returns the logo of a PNG or JPEG, whatever it is called. The picture is drawn again, so that nothing is kept but what can be
// seen, and made smaller where it is larger than documents need. Problems: body-too-large, validation-failed for the field "body".
func NewLogo(content []byte) (Logo, error) {
	if len(content) > MaxLogo {
		return Logo{}, problem.New(problem.TooLarge, "A logo may have at most %d KiB.", MaxLogo>>10)
	}
	refuse := func(format string, args ...any) (Logo, error) {
		return Logo{}, problem.InvalidFields(problem.Field{Name: "body", Message: fmt.Sprintf(format, args...)})
	}
	reads, writes, contentType := png.DecodeConfig, png.Decode, "image/png"
	if !bytes.HasPrefix(content, []byte("\x89PNG\r\n\x1a\n")) {
		reads, writes, contentType = jpeg.DecodeConfig, jpeg.Decode, "image/jpeg"
		if !bytes.HasPrefix(content, []byte("\xff\xd8\xff")) {
			return refuse("must be a PNG or a JPEG; its content is something else")
		}
	}
	size, err := reads(bytes.NewReader(content))
	if err != nil {
		return refuse("must be a PNG or a JPEG that can be read")
	}
	if size.Width > MaxLogoSide || size.Height > MaxLogoSide || size.Width < 1 || size.Height < 1 {
		return refuse("must have at most %d by %d pixels; it has %d by %d", MaxLogoSide, MaxLogoSide, size.Width, size.Height)
	}
	picture, err := writes(bytes.NewReader(content))
	if err != nil {
		return refuse("must be a PNG or a JPEG that can be read")
	}
	var out bytes.Buffer
	if picture = fitted(picture); contentType == "image/png" {
		err = png.Encode(&out, picture)
	} else {
		err = jpeg.Encode(&out, picture, &jpeg.Options{Quality: 92})
	}
	if err != nil {
		return Logo{}, fmt.Errorf("draw the logo again: %w", err)
	}
	return Logo{ContentType: contentType, Content: out.Bytes()}, nil
}

// fitted returns the picture in at most the kept width and height, in colours of its own.
func fitted(picture image.Image) image.Image {
	width, height := picture.Bounds().Dx(), picture.Bounds().Dy()
	if width > keptWidth {
		width, height = keptWidth, max(1, height*keptWidth/width)
	}
	if height > keptHeight {
		width, height = max(1, width*keptHeight/height), keptHeight
	}
	drawn := image.NewNRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(drawn, drawn.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	return drawn
}
