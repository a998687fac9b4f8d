using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Sasl;
using Kopis.Users.Logins;
using Kopis.Users.Lookup;

namespace Kopis.Fuzz.Targets;

/// <summary>What clients say to log in, and what the judges of logins say.</summary>
internal static class LoginTargets
{
    private const int Iterations = 1;
    private static readonly byte[] Nonce = "server+nonce"u8.ToArray();
    private static readonly byte[] Salt = "0123456789abcdef"u8.ToArray();
    private static readonly SaslOffer Offer = new(SaslOffer.All, SHA256.HashData("tls"u8));
    private static readonly ScramKeys Keys = MakeKeys();

    // The corpus has a token that this key's other half signed; that half is no more.
    private const string Modulus =
        "oZmUvHeVuBfv0SBPsO_V09AeMfPKsfzQ8i9IE95znHBEqjn-D1Xrx7_eIaLIp6x9kaVsP8NnDtyDrcw5"
        + "BXinTM23OE0g12e282X1YtX5T_WQwTBIpVBwE0Hiuw15dUjA9693rjSMw93VJ_mUXAORdAO7edZnb6JU"
        + "YpsP62O15RauAcUZ-V4eEbjFlySHCUmb5lLj5Un4kMQ3f7aA-nqVANm1QxjAsB2hkjmu2KU6iaN01y2o"
        + "ds9hmGG-cs_GXgN4MCyAHU0D97ckf8D0QZiIDDEvv1W1PrZRhKhCdFjQsLSGKBuwhth8LZ6MrJdIu8PR"
        + "r08tsW28CsLennY1wtiBHw";

    private const string PublicKey =
        """{"keys":[{"kty":"RSA","kid":"k1","alg":"RS256","e":"AQAB","n":"""
        + $"\"{Modulus}\"}}]}}";

    private const string SignedText =
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJh"
        + "dWQiOiJtYWlsIiwiZXhwIjo0MTAyNDQ0ODAwLCJlbWFpbCI6IkpvZUBkLmV4YW1wbGUifQ";
    private static readonly BearerTokens Tokens = MakeTokens();

    /// <summary>AUTH: the first line is what follows the verb, then come the client's lines.
    /// </summary>
    internal static void Sasl(byte[] input)
    {
        byte[][] lines = Lines(input);
        int space = Array.IndexOf(lines[0], (byte)' ');
        ReadOnlySpan<byte> name = space < 0 ? lines[0] : lines[0].AsSpan(0, space);
        if (Offer.Begin(name, Nonce) is not { } exchange)
        {
            return;
        }

        SaslStep step = exchange.Begin(space < 0 ? [] : lines[0].AsSpan(space + 1));
        int next = 1;
        bool said = false;
        while (step is SaslStep.Ask or SaslStep.Challenge)
        {
            if (step == SaslStep.Ask)
            {
                (step, bool yes) = AnswerTo(exchange);
                said |= yes;
            }
            else if (next == lines.Length)
            {
                return;
            }
            else
            {
                ArrayBufferWriter<byte> reply = new();
                exchange.WriteChallenge("334 "u8, reply);
                Must.BeLines(reply.WrittenSpan, "challenge");
                Must.Hold(reply.WrittenSpan.Count((byte)'\n') == 1, "a challenge of two lines");
                step = exchange.OnLine(lines[next++]);
            }
        }

        Must.Hold(step != SaslStep.Done || said, "let in and nobody said so");
        Must.Hold(
            step != SaslStep.Done || exchange.Account == "joe@d.example", "in as another");
    }

    /// <summary>SCRAM by a client that knows its password, whatever its name is and whatever its
    /// nonce: it gets in, and with another password it does not.</summary>
    internal static void Scram(byte[] input)
    {
        int colon = input.AsSpan().IndexOf((byte)':');
        byte[] name = colon < 0 ? input : input[..colon];
        byte[] nonce = colon < 0 ? "x"u8.ToArray() : input[(colon + 1)..];
        if (name.Length is 0 or > 1000 || nonce.Length is 0 or > 1000
            || Array.IndexOf(name, (byte)0) >= 0
            || nonce.AsSpan().ContainsAnyExceptInRange((byte)33, (byte)126)
            || Array.IndexOf(nonce, (byte)',') >= 0)
        {
            return;
        }

        Must.Hold(Login(name, nonce, "right"u8) == SaslStep.Done, "right, and not let in");
        Must.Hold(Login(name, nonce, "wrong"u8) == SaslStep.Failed, "wrong, and let in");
    }

    /// <summary>A token: only what the issuer signed is believed.</summary>
    internal static void Token(byte[] input)
    {
        LoginAnswer answer = Tokens.CheckAsync([], input).GetAwaiter().GetResult();
        bool signed = input.AsSpan().StartsWith(ByteText.ToBytes(SignedText + "."));
        Must.Hold(answer.Verdict is LookupVerdict.Yes or LookupVerdict.No, "neither yes nor no");
        Must.Hold(answer.Verdict == LookupVerdict.No || signed, "a token nobody signed");
        Must.Hold(answer.Verdict == LookupVerdict.No || answer.Account == "joe@d.example", "who");
    }

    /// <summary>Answers of Dovecot's auth.</summary>
    internal static void Dovecot(byte[] input)
    {
        foreach (byte[] line in Lines(input))
        {
            string text = ByteText.ToText(line);
            LoginAnswer? answer = DovecotBackend.Parse(text);
            bool yes = answer?.Verdict == LookupVerdict.Yes;
            Must.Hold(!yes || text.StartsWith("OK\t1\t", StringComparison.Ordinal), "a yes");
            Must.Hold(!yes || answer!.Account.Length > 0, "a yes to nobody");
            bool no = answer?.Verdict == LookupVerdict.No;
            Must.Hold(!no || text.StartsWith("FAIL\t1", StringComparison.Ordinal), "a no");
        }
    }

    private static (SaslStep Step, bool Yes) AnswerTo(SaslExchange exchange)
    {
        SaslQuestion question = exchange.Question!;
        bool fits = question.Kind switch
        {
            SaslQuestionKind.Password => question.Name.Length is > 0 and <= 1024
                && question.Secret.Length is > 0 and <= 1024
                && !question.Name.Contains((byte)0) && !question.Secret.Contains((byte)0),
            SaslQuestionKind.Salt => question.Name.Length is > 0 and <= 1024,
            SaslQuestionKind.Proof => question.Secret.Length == SHA256.HashSizeInBytes
                && question.AuthMessage.AsSpan().IndexOf(Nonce) > 0,
            _ => question.Secret.Length > 0 && question.Name.Length <= 1024,
        };
        Must.Hold(fits, $"a question about a {question.Kind} that makes no sense");
        if (question.Kind == SaslQuestionKind.Salt)
        {
            return (exchange.OnAnswer(SaslAnswer.Of(Salt, Iterations)), false);
        }

        // Told from what is asked, so that the fuzzer finds both answers.
        bool yes = question.Kind == SaslQuestionKind.Proof
            ? Keys.Verify(question.AuthMessage, question.Secret)
            : question.Secret[0] == (byte)'y';
        bool later = question.Secret[0] == (byte)'l';
        SaslStep step = exchange.OnAnswer(
            yes ? SaslAnswer.Yes("joe@d.example", [1, 2])
            : later ? SaslAnswer.Later
            : SaslAnswer.No);
        Must.Hold(question.Secret.All(b => b == 0), "a secret that is kept");
        return (step, yes);
    }

    private static SaslStep Login(byte[] name, byte[] nonce, ReadOnlySpan<byte> password)
    {
        SaslExchange exchange = Offer.Begin("SCRAM-SHA-256-PLUS"u8, Nonce)!;
        byte[] header = "p=tls-server-end-point,,"u8.ToArray();
        byte[] bare = [.. "n="u8, .. Escape(name), .. ",r="u8, .. nonce];
        SaslStep step = exchange.Begin(Base64([.. header, .. bare]));
        Must.Hold(step == SaslStep.Ask, "a sound beginning refused");
        Must.Equal(name, exchange.Question!.Name, "the name");
        exchange.OnAnswer(SaslAnswer.Of(Salt, Iterations));
        byte[] bound = Base64([.. header, .. Offer.Binding!]);
        byte[] end = [.. "c="u8, .. bound, .. ",r="u8, .. nonce, .. Nonce];
        byte[] first =
            [.. "r="u8, .. nonce, .. Nonce, .. ",s="u8, .. Base64(Salt), .. ",i=1"u8];
        byte[] message = [.. bare, (byte)',', .. first, (byte)',', .. end];
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(
            password, Salt, Iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        byte[] clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        byte[] signature = HMACSHA256.HashData(SHA256.HashData(clientKey), message);
        byte[] proof = [.. clientKey.Zip(signature, (a, b) => (byte)(a ^ b))];
        step = exchange.OnLine(Base64([.. end, .. ",p="u8, .. Base64(proof)]));
        Must.Hold(step == SaslStep.Ask, "a sound end refused");
        Must.Equal(message, exchange.Question!.AuthMessage, "what the proof is of");
        bool right = Keys.Verify(exchange.Question.AuthMessage, exchange.Question.Secret);
        step = exchange.OnAnswer(right ? SaslAnswer.Yes("joe", [1]) : SaslAnswer.No);
        return step == SaslStep.Challenge ? exchange.OnLine([]) : step;
    }

    private static byte[] Escape(byte[] name) =>
    [
        .. name.SelectMany(b =>
            b == (byte)'=' ? "=3D"u8.ToArray() : b == (byte)',' ? "=2C"u8.ToArray() : [b]),
    ];

    private static byte[] Base64(byte[] bytes) =>
        Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes));

    private static byte[][] Lines(byte[] input)
    {
        List<byte[]> lines = [];
        foreach (Range line in input.AsSpan().Split((byte)'\n'))
        {
            lines.Add(input[line]);
        }

        return [.. lines];
    }

    private static ScramKeys MakeKeys()
    {
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(
            "right"u8, Salt, Iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        byte[] clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        return new ScramKeys(
            Iterations, Salt, SHA256.HashData(clientKey),
            HMACSHA256.HashData(salted, "Server Key"u8));
    }

    private static BearerTokens MakeTokens()
    {
        string home = Scratch.Home(
            ("oauthissuer", "https://login.example"), ("oauthaudience", "mail"),
            ("oauthkeys", PublicKey));
        return BearerTokens.In(
            new ControlDirectory(Path.Combine(home, "control")), TimeProvider.System)!;
    }
}
