# Where the time of a call goes: shares of the phases, by layer, direction and implementation.
# Columns: row, layer, dir, impl, pack, compute, reduce, other (percent of the median time)
row = 15
block = 26 + nlayers * row + 14
column_px = (width - left - 24 - gap * (nimpls - 1)) / real(nimpls)
# Names above narrow columns stand upright; there is no other legend of them.
longest_name = 0
do for [i=1:nimpls] { if (strlen(word(impls, i)) > longest_name) { longest_name = strlen(word(impls, i)) } }
upright = 7.4 * longest_name > column_px + gap
head = head - 20 * (legend_rows - 1) + (upright ? 7.4 * longest_name - 14 : 0)
name_at = upright ? 'at graph 0.4, screen y(head + 14) left rotate by 78' : 'at graph 0.5, screen y(head + 8) center'
height = head + 20 + ndirs * block + 36
subtitle = sprintf("Share of a call's time on %s, mean over threads; pack: padding, im2col, packing; other: not inside a timed phase.", threads_text)
set terminal svg size width, height @svg
set output output_svg
column_left(i) = x(left + (i - 1) * (column_px + gap))
phases = "pack compute reduce other"
phase_colours = "#D55E00 #009E73 #F0E442 #bdbdbd"
set xrange [0:100]
set grid x linecolor rgb rule linewidth 1 linetype 1 front
set multiplot
@title_at
set for [p=1:4] label 1010+p word(phases, p) at screen x(24 + (p - 1) * 90), screen y(72) \
    left offset 1.2,-0.25 textcolor rgb ink point pointtype 5 pointsize 0.9 linecolor rgb word(phase_colours, p)
# Where the bar of phase p ends: the sum of the shares up to it.
end(p) = p < 1 ? 0 : sum [k=1:p] column(4 + k)
do for [c=1:ndirs] { do for [i=1:nimpls] {
    top_px = head + 20 + (c - 1) * block + 26
    set tmargin at screen y(top_px)
    set bmargin at screen y(top_px + nlayers * row)
    set lmargin at screen column_left(i)
    set rmargin at screen column_left(i) + column_px / width
    @layer_axis
    if (c > 1 || i > 1) { unset label }
    if (i == 1) { @layer_names }
    if (c == 1) { set label 1003 word(impls, i) @name_at textcolor rgb colour(i) font ",13" }
    if (i == 1) { set label 1004 direction(word(dirs, c)) at graph 0, screen y(top_px - 11) left textcolor rgb faint }
    if (c == ndirs) { set xtics (column_px < 70 ? "" : "0" 0, "50 %%" 50) } else { set xtics ("" 0, "" 50) }
    plot for [p=1:4] data skip 1 \
        using (only(word(dirs, c), i, end(p))):1:(end(p - 1)):(end(p)):($1 - 0.36):($1 + 0.36) \
        with boxxyerror fillstyle solid noborder linecolor rgb word(phase_colours, p) notitle
} }
unset multiplot
