using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Config.Maps;

/// <summary>
/// <c>auth/authsenders</c>: relays and logins by envelope sender, in the form of qmail's patches:
/// <c>sender:relay:port|user|password</c>, or <c>sender|user|password</c> for the relay of
/// smtproutes. A sender is an address, <c>@domain</c>, <c>.domain</c> for all below it, or nothing
/// for all mail.
/// </summary>
public sealed class AuthSenders
{
    private readonly KeyedRoutes _routes = new();
    private readonly List<string> _faults = [];

    private AuthSenders()
    {
    }

    /// <summary>What is wrong with lines that cannot be used. Each affects its own senders alone.
    /// </summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>Whether where mail goes may depend on its sender.</summary>
    public bool HasAny => _routes.HasAny;

    /// <summary>Reads the file; absent means none.</summary>
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    public static AuthSenders Read(PrivateDirectory secrets)
    {
        AuthSenders senders = new();
        secrets.ReadLines(AuthFiles.AuthSenders, senders.TryAdd, senders._faults);
        return senders;
    }

    /// <summary>The route of a sender: its own line, that of its domain with the <c>@</c>, of a
    /// suffix that starts at a dot, or of the empty key. Null: none.</summary>
    public SmtpRoute? Find(ReadOnlySpan<byte> sender)
    {
        return _routes.TryGet(sender, out SmtpRoute? route) ? route
            : _routes.TryFind(new Address(sender).AtDomain, out route) ? route
            : null;
    }

    /// <summary>Where a message goes.</summary>
    /// <param name="sender">Its envelope sender.</param>
    /// <param name="domain">The route of its recipients' domain; null: by MX.</param>
    /// <param name="isOwn">Whether a user or this host has submitted it: asked only where a line
    /// for the sender has a login. Any other message may name any sender, so that no login is lent
    /// to it but that for all mail.</param>
    /// <returns>Null: by MX, without a login. A password goes only to a relay that a line names.
    /// </returns>
    public SmtpRoute? Route(
        ReadOnlySpan<byte> sender, SmtpRoute? domain, Func<bool> isOwn)
    {
        SmtpRoute? own = Find(sender);
        if (own is { Login: not null })
        {
            SmtpRoute? ofAll = _routes.TryGet([], out SmtpRoute? route) ? route : null;
            own = ReferenceEquals(own, ofAll) || isOwn() ? own : ofAll;
        }

        return own is null ? domain
            : own.Fault is not null || own.Relay.Length > 0 ? own
            : domain is null or { Fault: not null } ? domain
            : domain with { Login = own.Login };
    }

    private string? TryAdd(byte[] line)
    {
        int end = line.AsSpan().IndexOfAny((byte)':', (byte)'|');
        ReadOnlySpan<byte> key = end < 0 ? line : line.AsSpan(0, end);
        ReadOnlySpan<byte> value = end < 0 ? []
            : line[end] == (byte)':' ? line.AsSpan(end + 1) : line.AsSpan(end);
        if (end >= 0 && (value.IsEmpty || IsSound(SmtpRouteText.Parse(value))))
        {
            _routes.Add(key, value.IsEmpty ? null : SmtpRouteText.Parse(value));
            return null;
        }

        string fault = end < 0 ? "no sender:relay:port|user|password"
            : $"what follows \"{SmtpRouteText.Shown(key)}\" is not relay:port|user|password";
        if (end >= 0)
        {
            _routes.Add(key, new SmtpRoute("", 0) { Fault = $"{AuthFiles.AuthSenders}: {fault}" });
        }

        return fault;
    }

    // Without a relay there is a login and nothing else.
    private static bool IsSound(SmtpRoute? route) => route is { Relay.Length: > 0 }
        or { Login: not null, StartsInTls: false, CertificateName: null };
}
