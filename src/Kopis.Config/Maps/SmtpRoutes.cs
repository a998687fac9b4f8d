using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Config.Maps;

/// <summary><c>control/smtproutes</c> and <c>auth/smtproutes</c>: where mail for a domain goes
/// instead of to its MX (contract §2.3). Only the second may contain logins. Its lines come after
/// those of the first.</summary>
public sealed class SmtpRoutes
{
    private readonly KeyedRoutes _routes = new();
    private readonly List<string> _faults = [];

    private SmtpRoutes()
    {
    }

    /// <summary>Faults of lines that cannot be used. Each affects only its own domain.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>Reads the files; absent means no routes.</summary>
    /// <param name="control">The directory of control files.</param>
    /// <param name="secrets">The directory of logins; null for none.</param>
    /// <exception cref="ConfigurationException">A file cannot be read.</exception>
    public static SmtpRoutes Read(ControlDirectory control, PrivateDirectory? secrets = null)
    {
        SmtpRoutes routes = new();
        routes.ReadPublic(control);
        secrets?.ReadLines(AuthFiles.SmtpRoutes, routes.TryAddPrivate, routes._faults);
        return routes;
    }

    /// <summary>The relay for a domain, from its own line, from that of a suffix that starts at a
    /// dot, or from that of the empty key. Null means by MX; an empty relay says so too.</summary>
    public SmtpRoute? Find(ReadOnlySpan<byte> domain) =>
        _routes.TryFind(domain, out SmtpRoute? route) ? route : null;

    private void ReadPublic(ControlDirectory control)
    {
        List<byte[]> wrong = [];
        bool Read(byte[] line)
        {
            int colon = line.AsSpan().IndexOf((byte)':');
            if (colon < 0)
            {
                return true; // Ignored, as qmail does.
            }

            ReadOnlySpan<byte> value = line.AsSpan(colon + 1);
            SmtpRoute? route = value.IsEmpty ? null : SmtpRouteText.Parse(value);
            bool isWrong = route is null ? !value.IsEmpty : route is { Login: not null }
                or { Relay.Length: 0 };
            if (isWrong && SmtpRouteText.HasMore(value))
            {
                _routes.Add(line.AsSpan(0, colon), WithFault(ShutFault(line.AsSpan(0, colon))));
                return true;
            }

            if (isWrong)
            {
                wrong.Add(line[..colon]);
                return false;
            }

            _routes.Add(line.AsSpan(0, colon), route);
            return true;
        }

        IReadOnlyList<string> found =
            control.ReadLines(RemoteFiles.SmtpRoutes, Read, "domain:relay:port") ?? [];
        foreach ((byte[] key, string fault) in wrong.Zip(found))
        {
            _routes.Add(key, WithFault($"{RemoteFiles.SmtpRoutes}: {fault}"));
        }
    }

    // The line itself is not shown, because it may contain a password.
    private static string ShutFault(ReadOnlySpan<byte> key) =>
        $"{RemoteFiles.SmtpRoutes}: \"{SmtpRouteText.Shown(key)}:...\" has a login, or is not "
        + $"domain:relay:port: logins belong in {AuthFiles.SmtpRoutes}, which others cannot read";

    private SmtpRoute WithFault(string fault)
    {
        _faults.Add(fault);
        return new SmtpRoute("", 0) { Fault = fault };
    }

    private string? TryAddPrivate(byte[] line)
    {
        int end = line.AsSpan().IndexOfAny((byte)':', (byte)'|');
        ReadOnlySpan<byte> key = end < 0 ? line : line.AsSpan(0, end);
        ReadOnlySpan<byte> value = end < 0 ? [] : line.AsSpan(end + 1);
        bool hasColon = end >= 0 && line[end] == (byte)':';
        SmtpRoute? route = hasColon && !value.IsEmpty ? SmtpRouteText.Parse(value) : null;
        bool isSound = hasColon && (value.IsEmpty || route is { Relay.Length: > 0 });
        if (isSound)
        {
            _routes.Add(key, route);
            return null;
        }

        string fault = end < 0 ? "no domain:relay:port"
            : $"what follows \"{SmtpRouteText.Shown(key)}\" is not relay:port|user|password";
        if (end >= 0)
        {
            _routes.Add(key, new SmtpRoute("", 0) { Fault = $"{AuthFiles.SmtpRoutes}: {fault}" });
        }

        return fault;
    }
}
