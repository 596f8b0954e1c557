# Speed-up over the naive implementation at the same thread count.
# Columns: row, layer, dir, impl, speedup, lo, hi
height = head + 26 + nlayers * row + 44
subtitle = sprintf("Speed-up over naive on %s, logarithmic, right is better; the number is the best one's. Bars: both confidence intervals.", threads_text)
set terminal svg size width, height @svg
set output output_svg
stats data skip 1 using 6 name "lo" nooutput
stats data skip 1 using 7 name "hi" nooutput
set logscale x
tick_lo = (lo_min < 1 ? lo_min : 1) / 1.4; tick_hi = hi_max * 2.6; tick_room = 34; panel_px = panel
tick_name(v) = sprintf("%gx", v)
set xrange [tick_lo:tick_hi]
@log_ticks
set tmargin at screen y(head + 26)
set bmargin at screen y(head + 26 + nlayers * row)
set multiplot
@title_at
@legend_at
do for [c=1:ndirs] {
    set lmargin at screen panel_left(c)
    set rmargin at screen panel_right(c)
    @layer_axis
    if (c == 1) { @layer_names } else { @no_layer_names }
    set label 1003 direction(word(dirs, c)) at graph 0.5, screen y(head + 14) center textcolor rgb faint
    set arrow 1 from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb ink linewidth 1 front
    plot for [i=1:nimpls] data skip 1 \
        using (only(word(dirs, c), i, $5)):($1 + spread(i)):6:7 \
        with xerrorbars \
        pointtype form(i) pointsize 0.7 linewidth 1.5 linecolor rgb colour(i) notitle, \
        for [i=1:nimpls] data skip 1 \
        using (only(word(dirs, c), i, $8 > 0 ? $7 : NaN)):($1 + spread(i)):(sprintf($5 < 9.95 ? "%.1fx" : "%.0fx", $5)) \
        with labels left offset 0.9,0 font ",11" textcolor rgb ink notitle
}
unset multiplot
