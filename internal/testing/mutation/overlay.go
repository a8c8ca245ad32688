package mutation

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// insertion is text that is put into a file.
type insertion struct {
	at   token.Pos
	size token.Pos // of what it opens, or minus that of what it closes
	text string
}

// Overlay writes the rooms with all their mutants into a folder, none of which is alive until mutant.Variable says so. It returns the
// mutants, and the file that is given to go build -overlay.
func (s *Source) Overlay(folder string) ([]Mutant, string, error) {
	var overlay struct{ Replace map[string]string }
	overlay.Replace = map[string]string{}
	for _, r := range s.rooms {
		for _, file := range r.files {
			inserted := s.mutate(r, file)
			if len(inserted) == 0 {
				continue
			}
			original := s.set.File(file.Pos()).Name()
			absolute, err := filepath.Abs(original)
			if err != nil {
				return nil, "", err
			}
			changed := filepath.Join(folder, strings.ReplaceAll(r.name, "/", "-")+"-"+filepath.Base(original))
			inserted = append(inserted, insertion{file.Name.End(), 0, "; import mutant " + strconv.Quote(switches)})
			if err := os.WriteFile(changed, s.with(file, inserted), 0o600); err != nil {
				return nil, "", err
			}
			overlay.Replace[absolute] = changed
		}
	}
	content, err := json.Marshal(overlay)
	if err != nil {
		return nil, "", err
	}
	file := filepath.Join(folder, "overlay.json")
	return s.mutants, file, os.WriteFile(file, content, 0o600)
}

// with returns the text of a file with all insertions: what opens more stands outside of what opens less.
func (s *Source) with(file *ast.File, inserted []insertion) []byte {
	slices.SortStableFunc(inserted, func(a, b insertion) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return int(b.size - a.size)
	})
	of := s.set.File(file.Pos())
	text, changed, from := s.texts[of.Name()], []byte(nil), 0
	for _, i := range inserted {
		to := of.Offset(i.at)
		changed = append(append(changed, text[from:to]...), i.text...)
		from = to
	}
	return append(changed, text[from:]...)
}

// mutate makes the mutants of a file: each step left out, and each done only after the one that follows it.
func (s *Source) mutate(r room, file *ast.File) (inserted []insertion) {
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if s.isStep(r, n) {
					number := s.mutant(r, f.Name.Name, "without "+s.label(n))
					size := n.Fun.End() - n.Fun.Pos()
					inserted = append(inserted, insertion{n.Fun.Pos(), size, fmt.Sprintf("mutant.Skip(%d, ", number)}, insertion{n.Fun.End(), -size, ")"})
				}
			case *ast.BlockStmt:
				inserted = append(inserted, s.move(r, file, f.Name.Name, n.List, n.Rbrace)...)
			case *ast.CaseClause:
				if len(n.Body) > 0 {
					inserted = append(inserted, s.move(r, file, f.Name.Name, n.Body, n.Body[len(n.Body)-1].End())...)
				}
			}
			return true
		})
	}
	return inserted
}

// move makes a mutant of each two steps that follow each other in a block: the first is done after the second.
func (s *Source) move(r room, file *ast.File, function string, block []ast.Stmt, end token.Pos) (inserted []insertion) {
	var before ast.Stmt
	for i, statement := range block {
		step := s.first(r, statement)
		switch statement.(type) {
		case *ast.CaseClause, *ast.CommClause, *ast.DeferStmt:
			continue
		}
		if step == nil || s.listens(step) {
			continue
		}
		moved := before
		before = statement
		if moved == nil || i == len(block)-1 && ends(statement) {
			continue
		}
		declared, late, ok := s.assigned(r, file, moved)
		if !ok {
			continue
		}
		number := s.mutant(r, function, s.label(s.first(r, moved))+" only after "+s.label(step))
		size := end - moved.Pos()
		inserted = append(inserted,
			insertion{moved.Pos(), size, fmt.Sprintf("if mutant.On(%d) {\n%s%s\n%s%s\n} else {\n", number,
				declared, s.text(moved.End(), statement.End()), late, s.text(statement.End(), end))},
			insertion{end, -size, "\n}"})
	}
	return inserted
}

// ends reports whether nothing can come after a statement.
func ends(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ReturnStmt, *ast.SwitchStmt:
		return true
	case *ast.ForStmt:
		return s.Cond == nil
	default:
		return false
	}
}

// assigned returns a statement with the declarations of its variables apart, so that it can move past what uses them.
func (s *Source) assigned(r room, file *ast.File, statement ast.Stmt) (declared, late string, ok bool) {
	text := s.text(statement.Pos(), statement.End())
	assignment, is := statement.(*ast.AssignStmt)
	if !is || assignment.Tok != token.DEFINE {
		return "", text, true
	}
	for _, left := range assignment.Lhs {
		name, _ := left.(*ast.Ident)
		if of := r.info.Defs[name]; of != nil {
			ok := true
			kind := types.TypeString(of.Type(), func(p *types.Package) string {
				local := s.imported(file, p)
				ok = ok && local != "?"
				return local
			})
			if !ok {
				return "", "", false
			}
			declared += "var " + name.Name + " " + kind + "\n"
		}
	}
	at := assignment.TokPos - statement.Pos()
	return declared, text[:at] + " = " + text[int(at)+len(":="):], true
}

// imported returns what a file calls a package: nothing when it is its own, "?" when it does not know it.
func (s *Source) imported(file *ast.File, p *types.Package) string {
	if strings.HasSuffix(s.set.File(file.Pos()).Name(), filepath.FromSlash(strings.TrimPrefix(p.Path(), module))+"/"+filepath.Base(s.set.File(file.Pos()).Name())) {
		return ""
	}
	for _, i := range file.Imports {
		if i.Path.Value == strconv.Quote(p.Path()) || strings.HasPrefix(p.Path(), "go.temporal.io/sdk/internal") && i.Path.Value == `"go.temporal.io/sdk/workflow"` {
			if i.Name != nil {
				return i.Name.Name
			}
			return p.Name()
		}
	}
	return "?"
}
