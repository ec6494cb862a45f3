package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/gvisor"
	"github.com/ostlerdev/ostler/internal/hands/roles"
)

func main() {
	roles.Dispatch()
	base := os.Args[1]
	d, err := gvisor.New(gvisor.Options{StateDir: base + "/state"})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if len(os.Args) > 2 && os.Args[2] == "bench" {
		var cold, warm []float64
		for i := 0; i < 30; i++ {
			t := time.Now()
			s, err := d.Start(ctx, hands.Spec{ID: fmt.Sprintf("sbx_%024d", i), Dir: fmt.Sprintf("%s/s%d", base, i)})
			if err != nil {
				panic(err)
			}
			started := time.Since(t)
			_, err = s.Run(ctx, hands.Call{Tool: "bash", Input: json.RawMessage(`{"command":"echo hi"}`)})
			cold = append(cold, float64(time.Since(t).Microseconds())/1000)
			if i == 0 {
				fmt.Println("start", started)
			}
			for j := 0; j < 20; j++ {
				t := time.Now()
				s.Run(ctx, hands.Call{Tool: "bash", Input: json.RawMessage(`{"command":"echo hi"}`)})
				warm = append(warm, float64(time.Since(t).Microseconds())/1000)
			}
			t = time.Now()
			s.Close(ctx)
			if i == 0 {
				fmt.Println("close", time.Since(t))
			}
		}
		sort.Float64s(cold)
		sort.Float64s(warm)
		fmt.Println("cold p50", cold[len(cold)/2], "p95", cold[len(cold)*95/100], "warm p50", warm[len(warm)/2], "p95", warm[len(warm)*95/100])
		return
	}
	t := time.Now()
	s, err := d.Start(ctx, hands.Spec{ID: "sbx_000000000000000000000000", Dir: base + "/s"})
	if err != nil {
		fmt.Println("ERR", err)
		os.Exit(1)
	}
	fmt.Println("started", time.Since(t))
	for _, c := range os.Args[2:] {
		in, _ := json.Marshal(map[string]string{"command": c})
		t = time.Now()
		r, err := s.Run(ctx, hands.Call{Tool: "bash", Input: in})
		fmt.Println("$", c, time.Since(t), err)
		for _, b := range r.Content {
			var x struct{ Text string }
			json.Unmarshal(b, &x)
			fmt.Println(x.Text)
		}
	}
	t = time.Now()
	fmt.Println(s.Close(ctx), time.Since(t))
}
