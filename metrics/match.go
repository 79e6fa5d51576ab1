package metrics

import (
	"fmt"
	"math"
)

// BestMatch gives each row of counts [rows][columns] a column of its own so that the counts on the pairs have the largest sum: how well
// classes were found without labels, where rows are what was found and columns what is true (the accuracy of clustering, as InfoGAN's paper
// reports it: Chen 2016, 1606.03657, section 7.2). It returns the column of each row, -1 for rows that are left over, and the share of all
// counts that lies on the pairs. The assignment is the Hungarian method's (Kuhn 1955, Munkres 1957).
func BestMatch(counts [][]int) (match []int, share float64, err error) {
	if len(counts) == 0 || len(counts[0]) == 0 {
		return nil, 0, fmt.Errorf("metrics: there are no counts to match")
	}
	n, total := max(len(counts), len(counts[0])), 0
	for i, row := range counts {
		if len(row) != len(counts[0]) {
			return nil, 0, fmt.Errorf("metrics: row %d of the counts has %d columns, and the first %d", i, len(row), len(counts[0]))
		}
		for _, c := range row {
			total += c
		}
	}
	cost := func(row, column int) float64 { // of a square matrix, filled up with 0
		if row < len(counts) && column < len(counts[0]) {
			return -float64(counts[row][column])
		}
		return 0
	}
	rowOf := assign(n, cost)
	match = make([]int, len(counts))
	for i := range match {
		match[i] = -1
	}
	hit := 0
	for column, row := range rowOf {
		if row < len(counts) && column < len(counts[0]) {
			match[row] = column
			hit += counts[row][column]
		}
	}
	return match, float64(hit) / float64(max(total, 1)), nil
}

// assign returns the row of each column of an n x n matrix so that the costs have the smallest sum. Rows enter one by one, each along the
// shortest path in costs that are reduced by the potentials of rows and columns.
func assign(n int, cost func(row, column int) float64) (rowOf []int) {
	rowPotential, columnPotential := make([]float64, n), make([]float64, n+1)
	owner := make([]int, n+1) // of each column; column n is where the entering row starts
	for i := range owner {
		owner[i] = -1
	}
	for row := range n {
		owner[n] = row
		at, reached := n, make([]bool, n+1)
		distance, before := make([]float64, n), make([]int, n)
		for j := range distance {
			distance[j] = math.Inf(1)
		}
		for owner[at] >= 0 {
			reached[at] = true
			next, step := -1, math.Inf(1)
			for j := range n {
				if reached[j] {
					continue
				}
				if d := cost(owner[at], j) - rowPotential[owner[at]] - columnPotential[j]; d < distance[j] {
					distance[j], before[j] = d, at
				}
				if distance[j] < step {
					next, step = j, distance[j]
				}
			}
			for j := range n + 1 {
				if reached[j] {
					rowPotential[owner[j]] += step
					columnPotential[j] -= step
				} else if j < n {
					distance[j] -= step
				}
			}
			at = next
		}
		for at != n {
			owner[at] = owner[before[at]]
			at = before[at]
		}
	}
	return owner[:n]
}
