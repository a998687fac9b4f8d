using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Kopis.Base;

namespace Kopis.Control;

/// <summary><c>control/smtproutes</c>: where mail for a domain goes instead of to its MX (contract
/// §2.3).</summary>
public sealed class SmtpRoutes
{
    private const int SmtpPort = 25;

    private readonly ConstMap _routes;

    private SmtpRoutes(ConstMap routes) => _routes = routes;

    /// <summary>Reads the file; absent means no routes.</summary>
    /// <exception cref="ConfigurationException">It cannot be read, or a relay has a bad port.
    /// </exception>
    public static SmtpRoutes Read(ControlDirectory control)
    {
        IReadOnlyList<byte[]> lines = control.ReadList("smtproutes") ?? [];
        foreach (byte[] line in lines)
        {
            int colon = line.AsSpan().IndexOf((byte)':');
            if (colon >= 0 && line.Length > colon + 1 && Parse(line[(colon + 1)..]) is null)
            {
                throw control.Bad(
                    "smtproutes", $"\"{LogText.Safe(line)}\" is not domain:relay:port");
            }
        }

        return new SmtpRoutes(ConstMap.KeyValue(lines));
    }

    /// <summary>
    /// The relay for a domain: its own line, one for a suffix that starts at a dot, or that of the
    /// empty key. Null: by MX, as an empty relay says too.
    /// </summary>
    public (string Relay, int Port)? Find(ReadOnlySpan<byte> domain)
    {
        if (!_routes.TryGet(domain, out byte[]? value) && !TrySuffix(domain, out value)
            && !_routes.TryGet([], out value))
        {
            return null;
        }

        return value.Length == 0 ? null : Parse(value);
    }

    private bool TrySuffix(ReadOnlySpan<byte> domain, [NotNullWhen(true)] out byte[]? value)
    {
        for (int i = 0; i < domain.Length; i++)
        {
            if (domain[i] == (byte)'.' && _routes.TryGet(domain[i..], out value))
            {
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary><c>relay</c> or <c>relay:port</c>; an IPv6 literal stands in brackets.</summary>
    private static (string Relay, int Port)? Parse(byte[] value)
    {
        string text = ByteText.ToText(value);
        int bracket = text.StartsWith('[') ? text.IndexOf(']') : 0;
        int colon = bracket < 0 ? -1 : text.IndexOf(':', bracket);
        if (colon < 0)
        {
            return (text, SmtpPort);
        }

        return int.TryParse(
            text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            && port is > 0 and <= ushort.MaxValue
                ? (text[..colon], port)
                : null;
    }
}
