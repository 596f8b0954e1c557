# Rate of one call beside the measured FMA peak, by layer, direction and implementation.
# Columns: row, layer, dir, impl, gflops, lo, hi
height = head + 42 + nlayers * row + 44
npeaks = used_f32 + used_f64
peaks(k) = k == 1 && used_f32 ? peak_f32 : peak_f64
peak_name(k) = npeaks == 1 ? "peak" : k == 1 ? "f32 peak" : "f64 peak"
subtitle = sprintf("GFLOP/s on %s, right is better. Dashed: measured FMA peak, %s GFLOP/s. Bars: 95 %% confidence interval.", threads_text, short(peaks(1)))
set terminal svg size width, height @svg
set output output_svg
stats data skip 1 using 7 name "hi" nooutput
top = 1.04 * (hi_max > peaks(1) ? hi_max : peaks(1))
set xrange [0:top]
set xtics nice(top, panel / 50.0)
set tmargin at screen y(head + 42)
set bmargin at screen y(head + 42 + nlayers * row)
set xlabel "GFLOP/s" textcolor rgb faint offset 0,0.4
set boxwidth 0.66 / nimpls
half = 0.3 / nimpls
legend_form(i) = 5
set multiplot
@title_at
@legend_at
do for [c=1:ndirs] {
    set lmargin at screen panel_left(c)
    set rmargin at screen panel_right(c)
    @layer_axis
    if (c == 1) { @layer_names } else { @no_layer_names }
    set label 1003 direction(word(dirs, c)) at graph 0.5, screen y(head + 14) center textcolor rgb faint
    set for [k=1:npeaks] label 1003+k peak_name(k) at first peaks(k), screen y(head + 32) center \
        font ",11" textcolor rgb ink
    set for [k=1:npeaks] arrow k from first peaks(k), graph 0 to first peaks(k), graph 1 nohead \
        linecolor rgb ink dashtype 2 front
    plot for [i=1:nimpls] data skip 1 \
        using (only(word(dirs, c), i, $5)):($1 + spread(i)):(0):5:($1 + spread(i) - half):($1 + spread(i) + half) \
        with boxxyerror fillstyle solid noborder linecolor rgb colour(i) notitle, \
        for [i=1:nimpls] data skip 1 \
        using (only(word(dirs, c), i, $5)):($1 + spread(i)):6:7 \
        with xerrorbars pointtype -1 linewidth 1 linecolor rgb ink notitle
}
unset multiplot
