using System.Globalization;
using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Config.Maps;

/// <summary><c>control/lmtproutes</c>: domains whose mail goes to an LMTP server (RFC 2033), at a
/// Unix socket or at a host and port.</summary>
public sealed class LmtpRoutes
{
    private const string Shape = "domain:/path/of/socket or domain:host:port";
    private const int PathBytesMax = 107; // sockaddr_un has room for 108 with its NUL.

    private readonly KeyedRoutes _routes = new();
    private readonly List<string> _faults = [];

    private LmtpRoutes()
    {
    }

    /// <summary>Faults of lines that cannot be used. Each affects only its own domain.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>Reads the file; absent means no routes.</summary>
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    public static LmtpRoutes Read(ControlDirectory control)
    {
        LmtpRoutes routes = new();
        List<byte[]> wrong = [];
        bool Read(byte[] line)
        {
            int colon = line.AsSpan().IndexOf((byte)':');
            byte[] key = colon < 0 ? line : line[..colon];
            byte[] place = colon < 0 ? [] : line[(colon + 1)..];
            SmtpRoute? route = Parse(place);

            // LMTP is for final delivery (RFC 2033 §5), so there is no route for all mail.
            if (colon <= 0 || (route is null && place.Length > 0))
            {
                wrong.Add(key);
                return false;
            }

            routes._routes.Add(key, route);
            return true;
        }

        IReadOnlyList<string> found =
            control.ReadLines(RemoteFiles.LmtpRoutes, Read, Shape) ?? [];
        foreach ((byte[] key, string fault) in wrong.Zip(found))
        {
            string text = $"{RemoteFiles.LmtpRoutes}: {fault}";
            routes._faults.Add(text);
            if (key.Length > 0)
            {
                routes._routes.Add(key, new SmtpRoute("", 0) { IsLmtp = true, Fault = text });
            }
        }

        return routes;
    }

    /// <summary>The server for a domain, from its own line or from that of a suffix that starts at
    /// a dot. Null if there is none, or if the line's place is empty.</summary>
    public SmtpRoute? Find(ReadOnlySpan<byte> domain) =>
        _routes.TryFind(domain, out SmtpRoute? route) ? route : null;

    /// <summary>Null for what makes no sense.</summary>
    private static SmtpRoute? Parse(ReadOnlySpan<byte> place)
    {
        if (place.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
        {
            return null; // Reports and logs show it unchanged.
        }

        string text = ByteText.ToText(place);
        if (text.StartsWith('/'))
        {
            return text.Length <= PathBytesMax
                ? new SmtpRoute("", 0) { IsLmtp = true, SocketPath = text } : null;
        }

        int colon = text.LastIndexOf(':');
        return colon > 0 && IsHost(text[..colon])
            && int.TryParse(
                text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture,
                out int port)
            && port is > 0 and <= ushort.MaxValue
                ? new SmtpRoute(text[..colon], port) { IsLmtp = true } : null;
    }

    private static bool IsHost(string host) => host is ['[', .. string inner, ']']
        ? inner.Length > 0 && inner.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.')
        : host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}
