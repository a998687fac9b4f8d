using System.Security.Cryptography;
using System.Text;

namespace Kopis.Mail.Sasl;

/// <summary>The mechanisms that a connection offers.</summary>
/// <param name="Names">The mechanisms that the site allows, the strongest first.</param>
/// <param name="Binding">The tls-server-end-point of the connection; null without TLS.</param>
public sealed record SaslOffer(IReadOnlyList<string> Names, byte[]? Binding)
{
    /// <summary>All mechanisms, the strongest first.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN",
    ];

    private const int NonceBytes = 18;

    /// <summary>The names, separated by spaces, for EHLO and CAPA.</summary>
    public byte[] ToBytes() => Encoding.ASCII.GetBytes(string.Join(' ', Offered));

    /// <summary>Whether any mechanism is offered.</summary>
    public bool IsEmpty => !Offered.Any();

    private IEnumerable<string> Offered =>
        Names.Where(name => Binding is not null || name != "SCRAM-SHA-256-PLUS");

    /// <summary>Begins an exchange.</summary>
    /// <param name="name">The mechanism, as the client writes it.</param>
    /// <returns>Null if the mechanism is not offered.</returns>
    public SaslExchange? Begin(ReadOnlySpan<byte> name) =>
        Begin(name, Encoding.ASCII.GetBytes(
            Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceBytes))));

    /// <summary>The same, with our part of SCRAM's nonce.</summary>
    internal SaslExchange? Begin(ReadOnlySpan<byte> name, byte[] nonce)
    {
        string wanted = Encoding.ASCII.GetString(name).ToUpperInvariant();
        if (!Offered.Contains(wanted))
        {
            return null;
        }

        byte[]? plus = Names.Contains("SCRAM-SHA-256-PLUS") ? Binding : null;
        SaslMechanism? mechanism = wanted switch
        {
            "PLAIN" => new SaslPlain(),
            "LOGIN" => new SaslLogin(),
            "SCRAM-SHA-256" => new SaslScram(isPlus: false, plus, nonce),
            "SCRAM-SHA-256-PLUS" => new SaslScram(isPlus: true, plus, nonce),
            "OAUTHBEARER" => new SaslBearer(isStandard: true),
            "XOAUTH2" => new SaslBearer(isStandard: false),
            _ => null,
        };
        return mechanism is null ? null : new SaslExchange(wanted, mechanism);
    }
}
