# Time of one call, by layer, direction and implementation.
# Columns: row, layer, dir, impl, seconds, lo, hi
height = head + 26 + nlayers * row + 44
subtitle = sprintf("Median time of one call on %s, logarithmic, left is better. Bars: 95 %% confidence interval of the median.", threads_text)
set terminal svg size width, height @svg
set output output_svg
stats data skip 1 using 6 name "lo" nooutput
stats data skip 1 using 7 name "hi" nooutput
set logscale x
tick_lo = lo_min / 1.5; tick_hi = hi_max * 1.5; tick_room = 42; panel_px = panel
tick_name(v) = seconds_name(v)
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
    plot for [i=1:nimpls] data skip 1 \
        using (only(word(dirs, c), i, $5)):($1 + spread(i)):6:7 \
        with xerrorbars \
        pointtype form(i) pointsize 0.7 linewidth 1.5 linecolor rgb colour(i) notitle
}
unset multiplot
