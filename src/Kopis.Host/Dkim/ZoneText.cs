using System.Text;

namespace Kopis.Host.Dkim;

/// <summary>TXT records as lines of a zone file (RFC 1035 §5.1).</summary>
internal static class ZoneText
{
    /// <summary>A string of a record has a length of one byte (RFC 1035 §3.3).</summary>
    internal const int StringMax = 255;

    /// <summary>A record; a text of more than <see cref="StringMax"/> characters in several
    /// strings, which whoever asks joins again.</summary>
    /// <param name="name">Its name, without a dot at the end.</param>
    /// <param name="text">Printing ASCII without quotes or backslashes.</param>
    internal static string Record(string name, string text)
    {
        StringBuilder line = new($"{name}. IN TXT (");
        for (int at = 0; at < text.Length; at += StringMax)
        {
            line.Append(at == 0 ? " \"" : "\n    \"")
                .Append(text.AsSpan(at, Math.Min(StringMax, text.Length - at))).Append('"');
        }

        return line.Append(" )\n").ToString();
    }
}
