using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Config.Maps;

/// <summary><c>control/smtproutes</c>: where mail for a domain goes instead of to its MX (contract
/// §2.3).</summary>
public sealed class SmtpRoutes
{
    private const int SmtpPort = 25;

    private readonly ConstMap _routes;
    private readonly Dictionary<string, string> _faults;

    private SmtpRoutes(ConstMap routes, Dictionary<string, string> faults)
    {
        _routes = routes;
        _faults = faults;
    }

    /// <summary>What is wrong with lines that cannot be used. Each affects its own domain
    /// alone.</summary>
    public IReadOnlyCollection<string> Faults => _faults.Values;

    /// <summary>Reads the file; absent means no routes.</summary>
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    public static SmtpRoutes Read(ControlDirectory control)
    {
        List<byte[]> lines = [];
        List<string> wrong = [];
        bool Read(byte[] line)
        {
            lines.Add(line);
            int colon = line.AsSpan().IndexOf((byte)':');
            bool isRight = colon < 0 || line.Length == colon + 1
                || Parse(line[(colon + 1)..]) is not null;
            if (!isRight)
            {
                wrong.Add(ByteText.ToText(line.AsSpan(colon + 1)));
            }

            return isRight;
        }

        IReadOnlyList<string> found =
            control.ReadLines(RemoteFiles.SmtpRoutes, Read, "domain:relay:port") ?? [];
        Dictionary<string, string> faults = new(StringComparer.Ordinal);
        foreach ((string relay, string fault) in wrong.Zip(found))
        {
            faults[relay] = $"{RemoteFiles.SmtpRoutes}: {fault}";
        }

        return new SmtpRoutes(ConstMap.KeyValue(lines), faults);
    }

    /// <summary>
    /// The relay for a domain: its own line, one for a suffix that starts at a dot, or that of the
    /// empty key. Null: by MX, as an empty relay says too.
    /// </summary>
    public SmtpRoute? Find(ReadOnlySpan<byte> domain)
    {
        if (!_routes.TryGet(domain, out byte[]? value) && !TrySuffix(domain, out value)
            && !_routes.TryGet([], out value))
        {
            return null;
        }

        return value.Length == 0 ? null
            : Parse(value) ?? new SmtpRoute("", 0) { Fault = _faults[ByteText.ToText(value)] };
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

    /// <summary><c>relay</c> or <c>relay:port</c>; an IPv6 literal is in brackets.</summary>
    private static SmtpRoute? Parse(byte[] value)
    {
        string text = ByteText.ToText(value);
        int bracket = text.StartsWith('[') ? text.IndexOf(']') : 0;
        int colon = bracket < 0 ? 0 : text.IndexOf(':', bracket);
        if (colon < 0)
        {
            return new SmtpRoute(text, SmtpPort);
        }

        return colon > 0
            && int.TryParse(
                text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture,
                out int port)
            && port is > 0 and <= ushort.MaxValue
                ? new SmtpRoute(text[..colon], port)
                : null;
    }
}
