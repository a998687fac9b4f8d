using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Kopis.Mail.Sasl;

/// <summary>One AUTH exchange of SMTP or POP3: it reads base64 lines and makes challenges (RFC 4954
/// §4, RFC 5034 §4). No I/O.</summary>
public sealed class SaslExchange
{
    /// <summary>The longest line, without its end (RFC 4954 §4: 12,288 with CRLF).</summary>
    public const int LineBytesMax = 12_286;

    private readonly SaslMechanism _mechanism;

    internal SaslExchange(string name, SaslMechanism mechanism)
    {
        Mechanism = name;
        _mechanism = mechanism;
    }

    /// <summary>The mechanism, for the log.</summary>
    public string Mechanism { get; }

    /// <summary>The question, with <see cref="SaslStep.Ask"/>.</summary>
    public SaslQuestion? Question => _mechanism.Question;

    /// <summary>The user, with <see cref="SaslStep.Done"/>.</summary>
    public string Account => _mechanism.Account;

    /// <summary>Begins the exchange.</summary>
    /// <param name="initial">What came with the command: nothing, <c>=</c> for an empty response,
    /// or base64.</param>
    public SaslStep Begin(ReadOnlySpan<byte> initial) =>
        initial.IsEmpty ? _mechanism.Begin()
        : initial.SequenceEqual("="u8) ? _mechanism.Respond([])
        : Respond(initial);

    /// <summary>Reads a line, without its end.</summary>
    public SaslStep OnLine(ReadOnlySpan<byte> line) =>
        line.SequenceEqual("*"u8) ? SaslStep.Cancelled : Respond(line);

    /// <summary>Receives the answer to the question, and overwrites the secret in it.</summary>
    public SaslStep OnAnswer(SaslAnswer answer)
    {
        Question?.Forget();
        return _mechanism.Answer(answer);
    }

    /// <summary>Writes the challenge of <see cref="SaslStep.Challenge"/>.</summary>
    /// <param name="prefix"><c>334</c> or <c>+</c>, and a space.</param>
    /// <param name="reply">The output.</param>
    public void WriteChallenge(ReadOnlySpan<byte> prefix, IBufferWriter<byte> reply)
    {
        reply.Write(prefix);
        Span<byte> to = reply.GetSpan(
            Math.Max(1, Base64.GetMaxEncodedToUtf8Length(_mechanism.Challenge.Length)));
        Base64.EncodeToUtf8(_mechanism.Challenge, to, out _, out int written);
        reply.Advance(written);
        reply.Write("\r\n"u8);
    }

    private SaslStep Respond(ReadOnlySpan<byte> base64)
    {
        // Spaces are not valid base64 here, although the decoder would skip them.
        byte[] response = new byte[Base64.GetMaxDecodedFromUtf8Length(base64.Length)];
        try
        {
            return base64.Length <= LineBytesMax && !base64.ContainsAny(" \t\r\n"u8)
                && Base64.DecodeFromUtf8(base64, response, out _, out int length)
                    == OperationStatus.Done
                    ? _mechanism.Respond(response.AsSpan(0, length))
                    : SaslStep.Malformed;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(response);
        }
    }
}
