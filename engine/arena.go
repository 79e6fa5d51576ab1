package engine

import (
	"cmp"
	"slices"
)

// place gives every buffer of the arena its offset: buffers whose lifetimes meet get different places. Large buffers are placed
// first, each at the lowest offset that is free for as long as it lives.
func (p *plan) place() error {
	lives := p.lifetimes()
	p.shareMemory(lives)
	order := make([]int, 0, len(p.buffers))
	for i, b := range p.buffers {
		if b.kind == inArena && b.size > 0 && lives[i].host < 0 && lives[i].first >= 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.buffers[b].size, p.buffers[a].size) })
	var placed []int // by offset
	for _, i := range order {
		at := 0
		for _, j := range placed {
			other := &p.buffers[j]
			if lives[i].last < lives[j].first || lives[j].last < lives[i].first {
				continue
			}
			if at+p.buffers[i].size <= other.place {
				break
			}
			at = max(at, roundUp(other.place+other.size))
		}
		end, err := addSizes(at, roundUp(p.buffers[i].size))
		if err != nil {
			return err
		}
		p.buffers[i].place = at
		p.arena = max(p.arena, end)
		pos, _ := slices.BinarySearchFunc(placed, at, func(j, at int) int { return cmp.Compare(p.buffers[j].place, at) })
		placed = slices.Insert(placed, pos, i)
	}
	for i := range p.buffers {
		if host := lives[i].host; host >= 0 {
			for lives[host].host >= 0 {
				host = lives[host].host
			}
			p.buffers[i].place = p.buffers[host].place
		}
	}
	return nil
}

// life is when a buffer holds something: from the first step that writes it to the last that touches it.
type life struct {
	first, last int
	host        int // the buffer whose memory it takes over, or -1
}

func (p *plan) lifetimes() []life {
	lives := make([]life, len(p.buffers))
	for i := range lives {
		lives[i] = life{first: -1, last: -1, host: -1}
	}
	for t, s := range p.steps {
		for _, list := range [][]int{s.writes, s.reads} {
			for _, b := range list {
				if lives[b].first < 0 {
					lives[b].first = t
				}
				lives[b].last = t
			}
		}
	}
	return lives
}

// shareMemory lets a step write over an operand that nothing reads after it. The host then lives as long as its guest.
func (p *plan) shareMemory(lives []life) {
	taken := map[int]bool{}
	for t, s := range p.steps {
		for _, pair := range s.shares {
			guest, host := pair[0], pair[1]
			g, h := &p.buffers[guest], &p.buffers[host]
			if g.kind != inArena || h.kind != inArena || g.size != h.size || taken[host] || lives[guest].host >= 0 {
				continue
			}
			if lives[host].last != t || lives[guest].first != t {
				continue
			}
			lives[guest].host = host
			taken[host] = true
			for root := host; root >= 0; root = lives[root].host {
				lives[root].last = max(lives[root].last, lives[guest].last)
			}
		}
	}
}
