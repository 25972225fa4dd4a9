using System.Globalization;
using System.Net;
using System.Text;

namespace Hearth.Bench.Load.Reporting;

/// <summary>The latencies of a part as SVG: percentile to the right (each nine as wide as the one before), microseconds upwards, both logarithmic.</summary>
internal static class PercentilePlot
{
    private const double Width = 900, Height = 520, Left = 70, Top = 24, PlotWidth = 520, PlotHeight = 430;
    private static readonly string[] Colours = ["#1b6ca8", "#d1495b", "#2e933c", "#edae49", "#6f4e7c", "#00798c", "#8c564b", "#444444"];
    private static readonly double[] Marks = [0, 50, 90, 99, 99.9, 99.99];

    /// <returns>Null when no row has a curve.</returns>
    public static string? Of(PartResult part)
    {
        var rows = part.Rows.Where(static row => row.Unit == "us" && row.Curve is { Count: > 1 }).ToList();
        if (rows.Count == 0)
            return null;
        var values = rows.SelectMany(static row => row.Curve!).Select(static point => Math.Max(point[1], 0.1)).ToList();
        var (low, high) = (Math.Floor(Math.Log10(values.Min())), Math.Ceiling(Math.Log10(values.Max()) + 1e-9));
        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"11\">");
        svg.AppendLine("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
        foreach (var percent in Marks)
        {
            svg.AppendLine(CultureInfo.InvariantCulture, $"<path d=\"M{X(percent):0.0} {Top}V{Top + PlotHeight}\" stroke=\"#ddd\"/>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{X(percent):0.0}\" y=\"{Top + PlotHeight + 16}\" text-anchor=\"middle\">{percent}</text>");
        }

        for (var power = low; power <= high; power++)
        {
            svg.AppendLine(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {Y(Math.Pow(10, power)):0.0}h{PlotWidth}\" stroke=\"#ddd\"/>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{Y(Math.Pow(10, power)) + 4:0.0}\" text-anchor=\"end\">{Math.Pow(10, power)}</text>");
        }

        for (var i = 0; i < rows.Count; i++)
        {
            var colour = Colours[i % Colours.Length];
            var dashes = i < Colours.Length ? "" : " stroke-dasharray=\"4 3\"";
            var points = string.Join(' ', rows[i].Curve!.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point[0]):0.0},{Y(point[1]):0.0}")));
            svg.AppendLine(CultureInfo.InvariantCulture, $"<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"{dashes}/>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Left + PlotWidth + 14}\" y=\"{Top + 12 + (i * 15)}\" fill=\"{colour}\">{WebUtility.HtmlEncode(rows[i].Name)}</text>");
        }

        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{Height - 20}\">{part.Name}: microseconds by percentile</text>").AppendLine("</svg>");
        return svg.ToString();

        double X(double percent) => Left + (PlotWidth * Math.Min(4, -Math.Log10(Math.Max(1e-4, 1 - (percent / 100)))) / 4);
        double Y(double micros) => Top + (PlotHeight * (high - Math.Log10(Math.Max(micros, 0.1))) / Math.Max(1, high - low));
    }
}
