# A network's fit at several times, and its error over the steps.
# Columns: what (0 data, 1.. frames, -1 error), x or step, y or error
height = 490
set terminal svg size width, height @svg
set output output_svg
only(n, v) = int($1) == n ? v : NaN
left = 62; gap = 84; right = 32; bottom = 56; top = 118
panel = (width - left - gap - right) / 2.0
set tmargin at screen y(top)
set bmargin at screen y(height - bottom)
set grid x y linecolor rgb rule linewidth 1 linetype 1
frame_hue(f) = f == frames ? "#D55E00" : word("#56B4E9 #0072B2 #009E73", f)
frame_name(f) = frame_step[f] == 0 ? "at first" : sprintf("after %d steps", frame_step[f])
set multiplot
@title_at
set lmargin at screen x(left)
set rmargin at screen x(left + panel)
set xrange [-1.05:1.05]
set xlabel "x" textcolor rgb faint offset 0,0.4
set ylabel "y" textcolor rgb faint offset 1,0
set xtics 0.5; set ytics nice(1.3, 5)
set key at screen x(left - 12), screen y(62) top left Left reverse samplen 1.2 width 1 maxrows 2 textcolor rgb ink font ",11"
plot data skip 1 using 2:(only(0, $3)) with points pointtype 6 pointsize 0.5 linecolor rgb "#999999" title "data", \
    for [f=1:frames] data skip 1 using (int($1) == f ? $2 : NaN):3 with lines \
        linewidth (f == frames ? 3 : 2) linecolor rgb frame_hue(f) title frame_name(f)
unset key; unset label
set lmargin at screen x(left + panel + gap)
set rmargin at screen x(width - right)
set logscale xy
set xrange [1:*]; set autoscale xfixmax
set yrange [noise_floor / 2:*]
set format xy "%g"
set xtics auto; set ytics auto
set xlabel "step" textcolor rgb faint offset 0,0.4
set ylabel "mean squared error" textcolor rgb faint offset 1,0
set label 1 "what a constant leaves" at graph 0.98, first spread right offset 0,0.6 font ",11" textcolor rgb faint
set label 2 "what the noise leaves" at graph 0.02, first noise_floor left offset 0,-0.7 font ",11" textcolor rgb faint
set arrow 1 from graph 0, first spread to graph 1, first spread nohead linecolor rgb faint dashtype 2
set arrow 2 from graph 0, first noise_floor to graph 1, first noise_floor nohead linecolor rgb faint dashtype 2
plot data skip 1 using (int($1) == -1 && $2 > 0 ? $2 : NaN):3 with lines linewidth 2.5 linecolor rgb "#D55E00" notitle
unset multiplot
