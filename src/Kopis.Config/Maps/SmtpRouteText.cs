using System.Buffers;
using System.Globalization;
using Kopis.Base;

namespace Kopis.Config.Maps;

/// <summary>Parses what follows the key of a line: <c>relay:port</c>, or several of them separated
/// by commas, and then a login in one of the forms of qmail's patches: <c>|user|password</c> with
/// more words, each after a <c>|</c>, or <c> user password</c>, where the password is all that
/// follows.</summary>
internal static class SmtpRouteText
{
    private const int SmtpPort = 25;
    private const int SmtpsPort = 465;
    private const int UserBytesMax = 255;
    private const int PasswordBytesMax = 1024;
    private const int FieldsMax = 10;
    private const int RelaysMax = 8;

    private static readonly SearchValues<byte> PlaceEnds = SearchValues.Create("| \t"u8);

    /// <summary>Whether more than <c>relay:port</c> follows, which may be secret.</summary>
    internal static bool HasMore(ReadOnlySpan<byte> value) => value.ContainsAny(PlaceEnds);

    /// <summary>A key as messages show it. If the colon was forgotten, a password may begin after
    /// the first blank.</summary>
    internal static string Shown(ReadOnlySpan<byte> key)
    {
        int end = key.IndexOfAny(PlaceEnds);
        return end < 0 ? LogText.Safe(key) : LogText.Safe(key[..end]) + " ...";
    }

    /// <summary>Parses the text; null if it makes no sense.</summary>
    internal static SmtpRoute? Parse(ReadOnlySpan<byte> value)
    {
        int end = value.IndexOfAny(PlaceEnds);
        string place = ByteText.ToText(end < 0 ? value : value[..end]);
        (SmtpRoute? route, bool hasPort) = end == 0 ? (new SmtpRoute("", 0), false)
            : ParsePlaces(place);
        return route is null ? null
            : end < 0 ? WithTls(route, hasPort, null)
            : value[end] == (byte)'|' ? WithFields(route, hasPort, value[(end + 1)..])
            : WithBlanks(route, hasPort, value[end..]);
    }

    /// <summary>One place, or several separated by commas, which are tried in order. Either all of
    /// them begin with TLS or none does, and either all of them have a port or none has.</summary>
    private static (SmtpRoute? Route, bool HasPort) ParsePlaces(string text)
    {
        (SmtpRoute? Route, bool HasPort)[] places = Array.ConvertAll(text.Split(','), ParsePlace);
        if (places.Length == 1)
        {
            return places[0];
        }

        (SmtpRoute? first, bool hasPort) = places[0];
        bool isSound = places.Length <= RelaysMax && Array.TrueForAll(places, one =>
            one.Route is { Relay.Length: > 0 } && one.HasPort == hasPort
            && (one.Route.Port == SmtpsPort) == (first!.Port == SmtpsPort));
        return !isSound ? (null, false)
            : (first! with { Others = [.. places.Skip(1).Select(one => one.Route!)] }, hasPort);
    }

    /// <summary>Parses <c>relay</c> or <c>relay:port</c>; an IPv6 literal stands in brackets.
    /// </summary>
    private static (SmtpRoute? Route, bool HasPort) ParsePlace(string text)
    {
        int bracket = text.StartsWith('[') ? text.IndexOf(']') : 0;
        int colon = bracket < 0 ? 0 : text.IndexOf(':', bracket);
        if (colon < 0)
        {
            return (new SmtpRoute(text, SmtpPort), false);
        }

        return colon > 0
            && int.TryParse(
                text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture,
                out int port)
            && port is > 0 and <= ushort.MaxValue
                ? (new SmtpRoute(text[..colon], port), true)
                : (null, false);
    }

    private static SmtpRoute? WithBlanks(
        SmtpRoute route, bool hasPort, ReadOnlySpan<byte> rest)
    {
        rest = rest.Trim(" \t"u8);
        int end = rest.IndexOfAny((byte)' ', (byte)'\t');
        return end < 0 ? null : WithLogin(
            WithTls(route, hasPort, null), rest[..end], rest[end..].TrimStart(" \t"u8), []);
    }

    private static SmtpRoute? WithFields(
        SmtpRoute route, bool hasPort, ReadOnlySpan<byte> rest)
    {
        if (rest.Count((byte)'|') >= FieldsMax)
        {
            return null;
        }

        int end = rest.IndexOf((byte)'|');
        ReadOnlySpan<byte> user = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[(end + 1)..];
        end = rest.IndexOf((byte)'|');
        ReadOnlySpan<byte> password = end < 0 ? rest : rest[..end];
        string[] words = end < 0 ? [] : ByteText.ToText(rest[(end + 1)..]).Split('|');
        string[] ofTls = [.. words.Where(word => word is "tls" or "starttls")];
        string[] names = [.. words.Where(word => word.StartsWith("name=", StringComparison.Ordinal))
            .Select(word => word["name=".Length..])];
        string[] ofLogin = [.. words.Where(word => word is not ("tls" or "starttls")
            && !word.StartsWith("name=", StringComparison.Ordinal))];
        if (ofTls.Length > 1 || names.Length > 1 || names.Any(name => !IsName(name)))
        {
            return null;
        }

        route = WithTls(route, hasPort, ofTls.FirstOrDefault()) with
        {
            CertificateName = names.FirstOrDefault(),
        };
        return user.IsEmpty
            ? (password.IsEmpty && ofLogin.Length == 0 ? route : null)
            : WithLogin(route, user, password, ofLogin);
    }

    private static SmtpRoute WithTls(SmtpRoute route, bool hasPort, string? word)
    {
        int port = word == "tls" && !hasPort ? SmtpsPort : route.Port;
        return route with
        {
            Port = port,
            Others = port == route.Port ? route.Others
                : [.. route.Others.Select(other => other with { Port = port })],
            StartsInTls = word == "tls" || (port == SmtpsPort && word != "starttls"),
        };
    }

    private static SmtpRoute? WithLogin(
        SmtpRoute route, ReadOnlySpan<byte> user, ReadOnlySpan<byte> password, string[] words)
    {
        string[] tokens = [.. words.Where(IsToken).Select(word => word["token=".Length..])];
        string[] mechanisms = [.. words.Select(MechanismOf).OfType<string>()];
        LoginTrust[] trusts = [.. words.Select(TrustOf).Where(one => one != LoginTrust.Verified)];
        bool isSound = tokens.Length + mechanisms.Length + trusts.Length == words.Length
            && tokens.Length <= 1 && mechanisms.Length <= 1 && trusts.Length <= 1
            && tokens.All(PrivateDirectory.IsName)
            && password.IsEmpty == (tokens.Length == 1)
            && user.Length <= UserBytesMax && password.Length <= PasswordBytesMax
            && IsText(user) && IsText(password) && route.All.All(one => one.Relay.All(IsOfRelay))
            && (mechanisms.Length == 0 || IsOfTokens(mechanisms[0]) == (tokens.Length == 1));
        return !isSound ? null : route with
        {
            Login = new SmtpLogin
            {
                User = user.ToArray(),
                Password = password.ToArray(),
                TokenFile = tokens.FirstOrDefault(),
                Mechanism = mechanisms.FirstOrDefault(),
                Trust = trusts.FirstOrDefault(),
            },
        };
    }

    private static bool IsToken(string word) =>
        word.StartsWith("token=", StringComparison.Ordinal);

    private static string? MechanismOf(string word) =>
        word is "plain" or "login" or "scram-sha-256" or "xoauth2" or "oauthbearer"
            ? word.ToUpperInvariant() : null;

    private static bool IsOfTokens(string mechanism) => mechanism is "XOAUTH2" or "OAUTHBEARER";

    private static LoginTrust TrustOf(string word) => word switch
    {
        "unverified" => LoginTrust.Encrypted,
        "plaintext" => LoginTrust.PlainText,
        _ => LoginTrust.Verified,
    };

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 255
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or ':');

    // A name with any other character has no address; its mail would bounce.
    private static bool IsOfRelay(char c) =>
        char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':' or '[' or ']';

    // No login contains a control character, and one would end a field of a mechanism early.
    private static bool IsText(ReadOnlySpan<byte> text) =>
        !text.ContainsAnyInRange((byte)0, (byte)31) && !text.Contains((byte)127);
}
