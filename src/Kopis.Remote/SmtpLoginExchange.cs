using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Kopis.Base;
using Kopis.Mail.SaslClient;
using Kopis.Mail.SmtpClient;

namespace Kopis.Remote;

/// <summary>AUTH (RFC 4954): one exchange of a mechanism over a session. Each line is sent after
/// the reply to the one before. The server's text is shown only if it does not repeat a secret.
/// </summary>
/// <param name="link">The session.</param>
/// <param name="secret">The login.</param>
internal sealed class SmtpLoginExchange(SmtpLink link, LoginSecret secret)
{
    private const int RoundsMax = 5;
    private const int CommandBytesMax = 512; // RFC 5321 §4.5.3.1.4, with CRLF.
    private const int Proceed = 334;
    private const int Success = 235;

    private readonly SmtpConnection _peer = link.Peer;
    private readonly List<byte[]> _said = [secret.Value];

    /// <summary>Logs in.</summary>
    /// <param name="mechanism">The mechanism.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>Null if it succeeds.</returns>
    /// <exception cref="IOException">The connection is lost.</exception>
    internal async Task<LoginRefusal?> RunAsync(
        SaslClientMechanism mechanism, CancellationToken stop)
    {
        // The first response may have to wait until the server asks for it.
        byte[]? waits = await BeginAsync(mechanism, stop);
        for (int round = 0; ; round++)
        {
            int code = await _peer.ReadReplyAsync(stop);
            if (_peer.HasUnasked)
            {
                return Refuse("it said more than was asked");
            }

            if (code == Success)
            {
                return waits is null && mechanism.IsDone ? null
                    : Refuse("it says yes to a login that is not complete");
            }

            if (code != Proceed)
            {
                return code is >= 400 and < 600 ? Refused(code)
                    : throw new IOException("The reply to AUTH is not valid.");
            }

            byte[]? response = round >= RoundsMax || Challenge() is not { } challenge ? null
                : waits ?? mechanism.Respond(challenge);
            if (response is null)
            {
                await SendAsync("*"u8.ToArray(), stop);
                _ = await _peer.ReadReplyAsync(stop);
                return Refuse(mechanism.Fault);
            }

            waits = null;
            await SendAsync(Encode(response), stop);
        }
    }

    /// <summary>Sends the command, with the first response if that fits into a command line (RFC
    /// 4954 §4).</summary>
    /// <returns>The response that is still to be sent; null: none.</returns>
    private async Task<byte[]?> BeginAsync(SaslClientMechanism mechanism, CancellationToken stop)
    {
        byte[]? first = mechanism.Begin();
        byte[] command = Encoding.ASCII.GetBytes($"AUTH {mechanism.Name}");
        if (first is not null)
        {
            byte[] whole = [.. command, (byte)' ', .. Encode(first)];
            if (whole.Length + 2 <= CommandBytesMax)
            {
                (first, command) = (null, whole);
            }
        }

        await SendAsync(command, stop);
        return first;
    }

    private async Task SendAsync(byte[] line, CancellationToken stop)
    {
        _peer.Output.Write(line);
        _peer.Output.Write("\r\n"u8);
        await _peer.FlushAsync(stop);
    }

    private byte[] Encode(byte[] response)
    {
        byte[] text = Encoding.ASCII.GetBytes(Convert.ToBase64String(response));
        _said.Add(text);
        return text;
    }

    /// <summary>The challenge in a reply of one line; null if there is none.</summary>
    private byte[]? Challenge()
    {
        ReadOnlySpan<byte> text = _peer.ReplyText;
        if (text.Length >= ReplyReader.KeptBytesMax || text is not [.., (byte)'\n']
            || text[..^1].Contains((byte)'\n'))
        {
            return null;
        }

        ReadOnlySpan<byte> value = text.Length > 4 ? text[4..^1].TrimEnd((byte)' ') : [];
        byte[] bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(value.Length)];
        return Base64.DecodeFromUtf8(value, bytes, out int read, out int written)
                == OperationStatus.Done && read == value.Length
            ? bytes[..written] : null;
    }

    private LoginRefusal Refuse(string why) => new(
        RemoteReport.Of('Z', $"Connected to {link.Ip} but the login failed: {why}. (#4.7.8)\n"),
        why);

    private LoginRefusal Refused(int code)
    {
        bool tells = _said.Any(one => one.Length > 0 && _peer.ReplyText.IndexOf(one) >= 0);
        RemoteReport report = new RemoteReport().End(
            'Z', $"Connected to {link.Ip} but the login was refused. (#4.7.8)\n",
            tells ? ByteText.ToBytes($"Remote host said: {code}\n") : _peer.RemoteText);
        return new LoginRefusal(report, tells ? $"refused: {code}"
            : $"refused: {LogText.Safe(_peer.ReplyText).TrimEnd('/')}");
    }
}
