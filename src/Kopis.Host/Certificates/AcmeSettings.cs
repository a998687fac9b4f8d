using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Net.Tls;

namespace Kopis.Host.Certificates;

/// <summary><c>control/acme</c>: the server that issues this host's certificate, the names in it,
/// and how the host proves that they are its own. Each line is a word and, for most words, a value
/// (kopis-acme(8)).</summary>
/// <param name="Directory">The URL of the server's directory (RFC 8555 §7.1.1).</param>
/// <param name="TermsAgreed">Whether the administrator agrees to the server's terms.</param>
/// <param name="Contacts">Where the server may report trouble: <c>mailto:</c> URLs.</param>
/// <param name="Names">The names of the certificate, in lower case, each once.</param>
/// <param name="Challenge">How the host proves that the names are its own.</param>
/// <param name="WebRoot">The directory that another web server serves; null if we answer ourselves.
/// </param>
/// <param name="Listen">The place where we answer.</param>
internal sealed record AcmeSettings(
    Uri Directory, bool TermsAgreed, IReadOnlyList<string> Contacts, IReadOnlyList<string> Names,
    ChallengeKind Challenge, string? WebRoot, IPEndPoint Listen)
{
    private const string Production = "https://acme-v02.api.letsencrypt.org/directory";
    private const int NamesMax = 100; // Let's Encrypt's own limit for a certificate.
    private const int NameBytesMax = 253; // RFC 1035 §2.3.4, without the root's dot.
    private const int LabelBytesMax = 63;
    private const int HttpPort = 80;
    private const int HttpsPort = 443;

    /// <summary>Reads the file.</summary>
    /// <returns>Null if there is no file.</returns>
    /// <exception cref="ConfigurationException">The file cannot be read or understood.</exception>
    internal static AcmeSettings? Read(ControlDirectory control)
    {
        Draft draft = new();
        IReadOnlyList<string>? faults = control.ReadLines(
            ListenerFiles.Acme, line => draft.Parse(ByteText.ToText(line)), "understood");
        if (faults is not { Count: 0 })
        {
            return faults is null ? null : throw control.Bad(ListenerFiles.Acme, faults);
        }

        if (draft.Names.Count == 0)
        {
            string me = ByteText.ToText(control.ReadLine(HostFiles.Me) ?? []).ToLowerInvariant();
            if (!IsName(me))
            {
                throw control.Bad(HostFiles.Me, "is not a name for a certificate");
            }

            draft.Names.Add(me);
        }

        return draft.WebRoot is not null && draft.Challenge == ChallengeKind.TlsAlpn
            ? throw control.Bad(ListenerFiles.Acme, "a webroot works for http-01 only")
            : draft.Finish();
    }

    /// <summary>Whether a text is a host name with a dot, of letters, digits and hyphens. Wildcards
    /// are not allowed, because they need a challenge in DNS.</summary>
    internal static bool IsName(string name) =>
        name.Length is > 0 and <= NameBytesMax
        && name.Contains('.')
        && name.Split('.').All(label =>
            label.Length is > 0 and <= LabelBytesMax
            && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
            && label[0] != '-' && label[^1] != '-')
        && !char.IsAsciiDigit(name[^1]); // An address is not a name (RFC 3696 §2).

    /// <summary>The values that lines have set so far.</summary>
    private sealed class Draft
    {
        private readonly List<string> _contacts = [];
        private string _directory = Production;
        private bool _agreed;
        private string? _listen;

        internal List<string> Names { get; } = [];

        // An IPv6 socket accepts both families.
        private static IPAddress Anywhere =>
            Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;

        internal ChallengeKind Challenge { get; private set; }

        internal string? WebRoot { get; private set; }

        /// <summary>Parses one line; false if it is malformed.</summary>
        internal bool Parse(string line)
        {
            string[] parts = line.Split((char[])[' ', '\t'], 2,
                StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            string value = parts.Length == 2 ? parts[1] : "";
            switch (parts.Length == 0 ? "" : parts[0])
            {
                case "agree":
                    _agreed = true;
                    return value.Length == 0;
                case "directory":
                    _directory = value;
                    return HttpsClients.IsUrl(value);
                case "contact":
                    _contacts.Add($"mailto:{value}");
                    return IsContact(value);
                case "name":
                    return ParseName(value.ToLowerInvariant());
                case "challenge":
                    Challenge = value == "tls-alpn-01" ? ChallengeKind.TlsAlpn : ChallengeKind.Http;
                    return value is "http-01" or "tls-alpn-01";
                case "webroot":
                    WebRoot = value;
                    return Path.IsPathRooted(value);
                case "listen":
                    _listen = value;
                    return Listen(value) is not null;
                default:
                    return false;
            }
        }

        internal AcmeSettings Finish()
        {
            int port = Challenge == ChallengeKind.Http ? HttpPort : HttpsPort;
            IPEndPoint listen = _listen is null
                ? new IPEndPoint(Anywhere, port)
                : Listen(_listen)!;
            return new AcmeSettings(
                new Uri(_directory), _agreed, _contacts, Names, Challenge, WebRoot, listen);
        }

        private bool ParseName(string name)
        {
            if (!Names.Contains(name))
            {
                Names.Add(name);
            }

            return IsName(name) && Names.Count <= NamesMax;
        }

        // Servers refuse characters that could begin another contact or a header field.
        private static bool IsContact(string text) =>
            text is not ['@', ..] && new TextAddress(text).IsComplete
            && text.All(c => c is > ' ' and < (char)127 and not (',' or '?' or '"' or '<' or '>'));

        private static IPEndPoint? Listen(string value)
        {
            string[] words = value.Split(
                (char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            return words.Length == 2
                && ushort.TryParse(
                    words[1], System.Globalization.NumberStyles.None, null, out ushort port)
                ? words[0] == "0" ? new IPEndPoint(Anywhere, port)
                    : IPAddress.TryParse(words[0], out IPAddress? address)
                        ? new IPEndPoint(address, port) : null
                : null;
        }
    }
}
