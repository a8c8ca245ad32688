// Package words reads what Quittance says to people. The texts stand in YAML files beside the code that uses them, one file per
// language.
package words

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/quittance/quittance/internal/invoice"
)

// Languages returns the words in each of invoice.Languages, read from files in folder that are named like de.yaml. It panics when
// Read would, or when a language lacks a text that another one has, which no build with passing tests does.
func Languages[T any](files fs.FS, folder string) map[string]T {
	all := map[string]T{}
	var first map[string]bool
	for _, language := range invoice.Languages {
		words := Read[T](files, path.Join(folder, language+".yaml"))
		texts := textsOf(words)
		if first == nil {
			first = texts
		}
		if !maps.Equal(texts, first) {
			panic(fmt.Sprintf("words: %s: %s and %s do not have the same texts: %v", folder, language, invoice.Languages[0], difference(texts, first)))
		}
		all[language] = words
	}
	return all
}

// Read returns the content of a YAML file. It panics when the file has a key that T does not have, or lacks a text of T.
func Read[T any](files fs.FS, name string) T {
	var words T
	content, err := fs.ReadFile(files, name)
	if err == nil {
		decoder := yaml.NewDecoder(bytes.NewReader(content))
		decoder.KnownFields(true)
		err = decoder.Decode(&words)
	}
	if err != nil {
		panic(fmt.Sprintf("words: %s: %v", name, err))
	}
	for text, empty := range textsOf(words) {
		if empty {
			panic(fmt.Sprintf("words: %s: %s is missing", name, text))
		}
	}
	return words
}

// textsOf returns the path of each text in a value, and whether it is empty. A list counts as one text.
func textsOf(words any) map[string]bool {
	texts := map[string]bool{}
	collect(reflect.ValueOf(words), "", texts)
	return texts
}

func collect(v reflect.Value, name string, texts map[string]bool) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			collect(v.Field(i), name+"."+v.Type().Field(i).Name, texts)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			collect(v.MapIndex(key), name+"."+key.String(), texts)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			collect(v.Index(i), name, texts)
		}
	default:
		texts[name] = texts[name] || v.IsZero()
	}
}

// difference returns the paths that only one of the two has, sorted.
func difference(a, b map[string]bool) []string {
	var only []string
	for _, pair := range [][2]map[string]bool{{a, b}, {b, a}} {
		for name := range pair[0] {
			if _, both := pair[1][name]; !both {
				only = append(only, name)
			}
		}
	}
	return slices.Sorted(slices.Values(only))
}
