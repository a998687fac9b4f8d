using System.Buffers;

namespace Kopis.Mail.Dsn;

/// <summary>Finds the status of RFC 3463 in a delivery report: in the server's reply, or else in
/// the <c>(#5.1.1)</c> of qmail's own text.</summary>
public static class EnhancedStatus
{
    private const int StatusBytesMax = 9; // d.ddd.ddd

    private static readonly SearchValues<byte> StatusBytes =
        SearchValues.Create("0123456789."u8);

    /// <summary>The words before a server's reply in a report.</summary>
    public static ReadOnlySpan<byte> RemoteWords => "Remote host said: "u8;

    /// <summary>The status; if there is none, only the class of the action.</summary>
    public static byte[] Find(ReadOnlySpan<byte> report, DsnAction action)
    {
        ReadOnlySpan<byte> status = InReport(report);
        return !status.IsEmpty ? status.ToArray() : action switch
        {
            DsnAction.Failed => "5.0.0"u8.ToArray(),
            DsnAction.Delayed => "4.0.0"u8.ToArray(),
            _ => "2.0.0"u8.ToArray(),
        };
    }

    /// <summary>The status that a report has; empty if there is none.</summary>
    public static ReadOnlySpan<byte> InReport(ReadOnlySpan<byte> report)
    {
        int said = report.IndexOf(RemoteWords);
        return said >= 0 && report.Length >= said + RemoteWords.Length + 4
            && Parse(report[(said + RemoteWords.Length + 4)..]) is { IsEmpty: false } remote
                ? remote : InOwnWords(report);
    }

    /// <summary>The status in the <c>(#5.1.1)</c> of qmail's own words; empty if there is none.
    /// </summary>
    public static ReadOnlySpan<byte> InOwnWords(ReadOnlySpan<byte> text)
    {
        int own = text.LastIndexOf("(#"u8);
        return own < 0 ? [] : Parse(text[(own + 2)..]);
    }

    /// <summary>The status at the beginning of a text; empty if there is none.</summary>
    private static ReadOnlySpan<byte> Parse(ReadOnlySpan<byte> text)
    {
        int length = text.IndexOfAnyExcept(StatusBytes);
        ReadOnlySpan<byte> status = length < 0 ? text : text[..length];
        if (status.Length is < 5 or > StatusBytesMax || status[0] is not (byte)'2'
            and not (byte)'4' and not (byte)'5' || status[1] != (byte)'.')
        {
            return [];
        }

        ReadOnlySpan<byte> rest = status[2..];
        int dot = rest.IndexOf((byte)'.');
        return dot is >= 1 and <= 3 && rest.Length - dot - 1 is >= 1 and <= 3
            && !rest[(dot + 1)..].Contains((byte)'.')
                ? status
                : [];
    }
}
