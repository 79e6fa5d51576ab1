package run

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// childEnv makes the test binary another process of a test: one that writes until it is killed.
const childEnv = "GANYMEDE_TEST_CHILD"

func TestMain(m *testing.M) {
	switch task := os.Getenv(childEnv); task {
	case "":
		os.Exit(m.Run())
	case "hold":
		hold(os.Getenv("GANYMEDE_TEST_RUN"))
	}
}

// hold takes the lock, says so, and waits to be killed.
func hold(dir string) {
	r, err := Open(dir)
	if err == nil {
		_, err = r.Lock()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print("L")
	time.Sleep(time.Minute)
}
