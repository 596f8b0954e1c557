# Speed-up of each implementation over itself on one thread: geometric mean over the layers.
# Columns: threads, impl, dir, speedup, lowest layer, highest layer
@square_panels
height = head + 26 + side + 60
dir_column = 3; impl_column = 2
subtitle = "Speed-up over the same implementation on one thread, geometric mean over layers. Bars: the lowest and the highest layer."
set terminal svg size width, height @svg
set output output_svg
stats data skip 1 using 5 name "lo" nooutput
stats data skip 1 using 6 name "hi" nooutput
set logscale xy 2
top = hi_max > threads ? hi_max : threads
set xrange [0.85:threads * 1.2]
set yrange [(lo_min < 1 ? lo_min : 1) * 0.85:top * 1.2]
set grid x y linecolor rgb rule linewidth 1 linetype 1
set xtics 2; set ytics 2
set format xy "%g"
set tmargin at screen y(head + 26)
set bmargin at screen y(head + 26 + side)
set xlabel "threads" textcolor rgb faint offset 0,0.4
dodge(i) = 1.025**(i - 1 - (nimpls - 1) / 2.0)
set multiplot
@title_at
@legend_at
do for [c=1:ndirs] {
    set lmargin at screen panel_left(c)
    set rmargin at screen panel_right(c)
    if (c == 1) { set ylabel "speed-up" textcolor rgb faint offset 1,0 } else { unset label; unset ylabel; set format y "" }
    set label 1003 direction(word(dirs, c)) at graph 0.5, screen y(head + 14) center textcolor rgb faint
    set label 1004 "ideal" at first threads, first threads right offset -1.5,0.3 font ",11" textcolor rgb ink
    set arrow 1 from first 1, first 1 to first threads, first threads nohead linecolor rgb ink dashtype 2
    plot for [i=1:nimpls] data skip 1 using ($1 * dodge(i)):(only(word(dirs, c), i, $4)) \
        with lines linewidth 1.5 linecolor rgb colour(i) notitle, \
        for [i=1:nimpls] data skip 1 using ($1 * dodge(i)):(only(word(dirs, c), i, $4)):5:6 \
        with yerrorbars pointtype form(i) pointsize 0.8 linewidth 1.2 linecolor rgb colour(i) notitle
}
unset multiplot
