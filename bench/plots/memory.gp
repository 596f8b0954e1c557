# What speed costs in memory: rate against workspace, one point a layer.
# Columns: workspace_bytes, impl, dir, gflops, lo, hi, layer
@square_panels
height = head + 26 + side + 60
dir_column = 3; impl_column = 2
subtitle = sprintf("GFLOP/s against workspace on %s, one point a layer; up and to the left is better. Bars: 95 %% confidence interval.", threads_text)
set terminal svg size width, height @svg
set output output_svg
stats data skip 1 using ($1 > 0 ? $1 : NaN) name "work" nooutput
stats data skip 1 using 6 name "hi" nooutput
some = work_records > 0
least = some ? work_min : 1024.0
most = some ? work_max : 4096.0
# Zero has no place on a logarithmic axis: it gets a column of its own at the left.
zero = least / (most / least)**0.18 / 2.5
place(bytes) = bytes > 0 ? bytes : zero
set logscale x 2
set xrange [zero / 1.6:most * 1.6]
set yrange [0:hi_max * 1.08]
octaves = log(most / least) / log(2)
every = ceil((octaves + 1) * 62.0 / (0.8 * panel))
set grid x y linecolor rgb rule linewidth 1 linetype 1
set tmargin at screen y(head + 26)
set bmargin at screen y(head + 26 + side)
set xlabel "workspace" textcolor rgb faint offset 0,0.4
set xtics ("none" zero)
do for [e=ceil(log(least) / log(2)):floor(log(most) / log(2)):every] { set xtics add (bytes_name(2.0**e) 2.0**e) }
set ytics nice(hi_max, 6)
set multiplot
@title_at
@legend_at
do for [c=1:ndirs] {
    set lmargin at screen panel_left(c)
    set rmargin at screen panel_right(c)
    if (c == 1) { set ylabel "GFLOP/s" textcolor rgb faint offset 1,0 } else { unset label; unset ylabel; set format y "" }
    set label 1003 direction(word(dirs, c)) at graph 0.5, screen y(head + 14) center textcolor rgb faint
    plot for [i=1:nimpls] data skip 1 using (place($1)):(only(word(dirs, c), i, $4)):5:6 \
        with yerrorbars pointtype form(i) pointsize 0.75 linewidth 1.2 linecolor rgb colour(i) notitle
}
unset multiplot
