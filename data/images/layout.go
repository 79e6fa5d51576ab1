package images

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
)

// layOut finds the split and the class of every picture file: by its folders, or by a label file.
func (s *Survey) layOut(f *found) error {
	top := s.commonFolder()
	labels, err := parseLabelFiles(f.labels)
	if err != nil {
		return err
	}
	for i := range s.entries {
		e := &s.entries[i]
		dirs := strings.Split(strings.TrimPrefix(path.Dir(e.name)+"/", top), "/")
		if sp, ok := splitOfFolder(dirs[0]); ok {
			e.split = sp
			dirs = dirs[1:]
		}
		if len(f.labels) > 0 {
			e.label = labels.of(e.name)
		} else if dirs[0] != "" && dirs[0] != "." {
			e.label = label{name: dirs[0]}
		}
	}
	if n := labels.withoutFile(s.entries); n > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("the label file names %d files that are no pictures here", n))
	}
	s.dropUnlabelled(len(f.labels) > 0)
	return nil
}

// commonFolder is the folder that all pictures are in, with a slash at its end: archives often wrap everything in one.
func (s *Survey) commonFolder() string {
	common := path.Dir(s.entries[0].name) + "/"
	for _, e := range s.entries {
		for common != "" && !strings.HasPrefix(e.name, common) {
			common = common[:strings.LastIndexByte(strings.TrimSuffix(common, "/"), '/')+1]
		}
	}
	return common
}

// splitOfFolder says which split a folder's name means, if any.
func splitOfFolder(name string) (split, bool) {
	switch strings.ToLower(name) {
	case "train", "training":
		return train, true
	case "test", "testing":
		return test, true
	case "val", "valid", "validation":
		return aside, true
	}
	return train, false
}

// splitOfArray says the same of an array's name: t10k-images-idx3-ubyte, test_batch.bin, val_images.
func splitOfArray(name string) split {
	for _, w := range words(name) {
		switch w {
		case "test", "t10k":
			return test
		case "val", "valid", "validation":
			return aside
		}
	}
	return train
}

// settleSplits gives a name to what is there: a validation split alone is as good as a test split, and a test split alone is just
// pictures.
func (s *Survey) settleSplits() {
	have := map[split]int{}
	for _, e := range s.entries {
		have[e.split]++
	}
	from, to := train, train
	switch {
	case have[train] == 0 && have[test] > 0:
		from, to = test, train
		s.Notes = append(s.Notes, "there is only a test split; it is taken as pictures to train on")
	case have[train] == 0:
		from, to = aside, train
	case have[test] == 0:
		from, to = aside, test
	case have[aside] > 0:
		s.Notes = append(s.Notes, fmt.Sprintf("the %d pictures of the validation split are left aside: neither trained on nor held out", have[aside]))
	}
	for i := range s.entries {
		if s.entries[i].split == from {
			s.entries[i].split = to
		}
	}
}

// dropUnlabelled makes defects of pictures without a class where others have one: a set is labelled or it is not.
func (s *Survey) dropUnlabelled(byFile bool) {
	without := func(e entry) bool { return e.label == none }
	if !slices.ContainsFunc(s.entries, func(e entry) bool { return !without(e) }) {
		return
	}
	problem := "it has no class: it lies beside the folders of the classes"
	if byFile {
		problem = "it has no class: the label file does not name it"
	}
	for _, e := range s.entries {
		if without(e) {
			s.Defects = append(s.Defects, Defect{File: e.name, Problem: problem})
		}
	}
	s.entries = slices.DeleteFunc(s.entries, without)
}

// countClasses makes the list of classes. Fewer than two say nothing, and neither do folders with one picture each.
func (s *Survey) countClasses() {
	byLabel := map[label]*Class{}
	for _, e := range s.entries {
		if e.label == none {
			return
		}
		c := byLabel[e.label]
		if c == nil {
			c = &Class{Name: e.label.name}
			byLabel[e.label] = c
		}
		switch e.split {
		case train:
			c.Train++
		case test:
			c.Test++
		}
	}
	if len(byLabel) < 2 {
		return
	}
	if len(byLabel) == len(s.entries) {
		s.Notes = append(s.Notes, "every class has one picture, so they are not taken as classes")
		return
	}
	for _, l := range s.labels() {
		c := byLabel[l]
		if c.Train == 1 {
			s.Notes = append(s.Notes, fmt.Sprintf("class %s has one picture to train on", c.Name))
		}
		if c.Train == 0 {
			s.Notes = append(s.Notes, fmt.Sprintf("class %s has no picture to train on", c.Name))
		}
		s.Classes = append(s.Classes, *c)
	}
}

// labels are the different classes in their order: by number, then by name, with "10" after "9".
func (s *Survey) labels() []label {
	all := map[label]bool{}
	for _, e := range s.entries {
		all[e.label] = true
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b label) int {
		return cmp.Or(cmp.Compare(a.number, b.number), natural(a.name, b.name))
	})
}

// natural compares names as people do where they are numbers.
func natural(a, b string) int {
	if number(a) && number(b) {
		a0, b0 := strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		return cmp.Or(cmp.Compare(len(a0), len(b0)), cmp.Compare(a0, b0), cmp.Compare(a, b))
	}
	return cmp.Compare(a, b)
}

func number(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// labelFiles maps the path of a picture to its class.
type labelFiles map[string]string

func (l labelFiles) of(name string) label {
	if class, ok := l[name]; ok {
		return label{name: class}
	}
	return none
}

// withoutFile counts the labels that belong to no picture.
func (l labelFiles) withoutFile(entries []entry) int {
	n := len(l)
	for _, e := range entries {
		if _, ok := l[e.name]; ok {
			n--
		}
	}
	return n
}

// parseLabelFiles reads all labels.csv, labels.json and dataset.json; each names files relative to its own folder.
func parseLabelFiles(files map[string][]byte) (labelFiles, error) {
	all := labelFiles{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		parse := parseJSON
		if strings.EqualFold(path.Ext(name), ".csv") {
			parse = parseCSV
		}
		labels, err := parse(files[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for file, class := range labels {
			if class == "" {
				return nil, fmt.Errorf("%s: the label of %s is empty", name, file)
			}
			all[path.Join(path.Dir(name), path.Clean("/" + strings.ReplaceAll(file, `\`, "/"))[1:])] = class
		}
	}
	return all, nil
}

// parseCSV reads columns for file and label, found by their names in the first line; without such a line there must be two columns.
func parseCSV(raw []byte) (map[string]string, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff"))))
	r.TrimLeadingSpace = true
	first, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("line 1: %w", cmp.Or(map[bool]error{true: fmt.Errorf("the file is empty")}[err == io.EOF], err))
	}
	fileAt := column(first, "file", "filename", "file_name", "image", "picture", "path", "name")
	labelAt := column(first, "label", "labels", "class", "category", "target")
	labels := map[string]string{}
	switch {
	case fileAt < 0 && labelAt < 0 && len(first) == 2:
		fileAt, labelAt = 0, 1
		labels[first[0]] = first[1]
	case fileAt < 0 || labelAt < 0:
		return nil, fmt.Errorf("its columns are %s; it needs one called file and one called label", strings.Join(first, ", "))
	}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return labels, nil
		}
		if err != nil {
			return nil, err // names the line itself
		}
		line, _ := r.FieldPos(0)
		if old, ok := labels[row[fileAt]]; ok && old != row[labelAt] {
			return nil, fmt.Errorf("line %d: %s has the label %s, and had %s before", line, row[fileAt], row[labelAt], old)
		}
		labels[row[fileAt]] = row[labelAt]
	}
}

// column finds the first column with one of the names, -1 if there is none.
func column(head []string, names ...string) int {
	return slices.IndexFunc(head, func(h string) bool {
		return slices.Contains(names, strings.ToLower(strings.TrimSpace(h)))
	})
}

// parseJSON reads {"a.png": "cat", ...}, [{"file": "a.png", "label": "cat"}, ...] or {"labels": [["a.png", 3], ...]}, the last as
// StyleGAN's tools write it.
func parseJSON(raw []byte) (map[string]string, error) {
	var rows []struct {
		File  string `json:"file"`
		Label any    `json:"label"`
	}
	var pairs struct {
		Labels [][2]any `json:"labels"`
	}
	var plain map[string]any
	labels := map[string]string{}
	var err error
	switch {
	case unmarshal(raw, &rows) == nil:
		for i, row := range rows {
			if err == nil {
				labels[row.File], err = className(fmt.Sprintf("entry %d", i), row.Label)
			}
		}
	case unmarshal(raw, &pairs) == nil && pairs.Labels != nil:
		for _, l := range pairs.Labels {
			if err == nil {
				labels[fmt.Sprint(l[0])], err = className(fmt.Sprint(l[0]), l[1])
			}
		}
	default:
		if err := unmarshal(raw, &plain); err != nil {
			return nil, fmt.Errorf("it must map files to labels: %w", err)
		}
		for _, file := range slices.Sorted(maps.Keys(plain)) {
			if err == nil {
				labels[file], err = className(file, plain[file])
			}
		}
	}
	return labels, err
}

// unmarshal keeps numbers as they are written, so that a label 1000000 does not become 1e+06.
func unmarshal(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into)
}

// className is a label of JSON as a name.
func className(of string, label any) (string, error) {
	switch label.(type) {
	case string, json.Number, bool:
		return fmt.Sprint(label), nil
	}
	return "", fmt.Errorf("the label of %s is %v; it must be a name or a number", of, label)
}
