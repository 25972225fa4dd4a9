using Spectre.Console;

namespace Hearth.Cli.Output;

/// <summary>Plain tables: readable on a terminal, cut by columns in a pipe.</summary>
internal static class Tables
{
    public static Table Create(params string[] columns)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var column in columns)
        {
            var numeric = column.StartsWith('>');
            var header = new TableColumn(Markup.Escape(numeric ? column[1..] : column)).NoWrap().PadLeft(0).PadRight(2);
            table.AddColumn(numeric ? header.RightAligned() : header);
        }
        return table;
    }

    public static void Row(this Table table, params string[] cells) => table.AddRow([.. cells.Select(cell => new Text(cell))]);

    public static void Print(Table table) => Terminal.Out.Write(table);
}
