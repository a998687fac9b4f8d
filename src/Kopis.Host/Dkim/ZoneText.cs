using System.Text;

namespace Kopis.Host.Dkim;

/// <summary>TXT records as lines of a zone file (RFC 1035 §5.1).</summary>
internal static class ZoneText
{
    /// <summary>The longest string of a record, whose length is one byte (RFC 1035 §3.3).</summary>
    internal const int StringMax = 255;

    /// <summary>A record in one line. A text of more than <see cref="StringMax"/> characters is
    /// split into several strings, which resolvers' clients join again.</summary>
    /// <param name="name">Its name, without a dot at the end.</param>
    /// <param name="text">Printable ASCII without quotes or backslashes.</param>
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
