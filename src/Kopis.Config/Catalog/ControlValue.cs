using Kopis.Base;

namespace Kopis.Config.Catalog;

/// <summary>The value of a catalogue file on this host, for people.</summary>
public static class ControlValue
{
    private const int LinesShownMax = 20;

    /// <summary>The value of a file, in printable ASCII; lists take several lines.</summary>
    public static string Shown(ControlDirectory directory, ControlFile file)
    {
        try
        {
            return file switch
            {
                ControlNumber number => directory.TryReadLong(number) is { } value
                    ? $"{value}" : $"{number.Default} (default)",
                ControlLine line => Line(directory, line),
                ControlList list => List(list, directory.ReadList(list)),
                _ => Path.Exists(directory.PathOf(file)) ? "it is there" : "it is not there",
            };
        }
        catch (ConfigurationException e)
        {
            return e.Message;
        }
    }

    private static string Line(ControlDirectory directory, ControlLine file) =>
        directory.ReadLine(file) is { } line ? $"\"{LogText.Safe(line)}\""
        : directory.ReadLineOrDefault(file) is { } value ? $"\"{LogText.Safe(value)}\" (default)"
        : "it is not there";

    private static string List(ControlList file, IReadOnlyList<byte[]>? lines)
    {
        if (lines is null)
        {
            return "it is not there";
        }

        int more = lines.Count - LinesShownMax;
        return $"{lines.Count} lines"
            + string.Concat(lines.Take(LinesShownMax)
                .Select(line => $"\n  {LogText.Safe(file.Shown(line))}"))
            + (more > 0 ? $"\n  and {more} more" : "");
    }
}
