using System.Net;
using System.Net.Sockets;
using System.Text;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Lookup;

namespace Kopis.Users.Logins;

/// <summary>Asks Dovecot's auth socket (protocol version 1), with one connection and one PLAIN
/// request for each attempt. Any answer but a clear yes or no means later.</summary>
public sealed class DovecotBackend(string socketPath, string service) : PasswordOnly
{
    private const int AnswerBytesMax = 16 * 1024;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public override async Task<LoginAnswer> CheckPasswordAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Timeout);
        try
        {
            return await AskAsync(peer, name, secret, limit.Token);
        }
        catch (SocketException)
        {
            return LoginAnswer.Later;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return LoginAnswer.Later;
        }
    }

    /// <summary>Parses the answer in a line of the server; null if the line does not answer our
    /// request.</summary>
    internal static LoginAnswer? Parse(string line)
    {
        string[] fields = line.Split('\t');
        if (fields.Length < 2 || fields[1] != "1")
        {
            return null;
        }

        string? user = Array.Find(
            fields, field => field.StartsWith("user=", StringComparison.Ordinal))?[5..];
        return fields[0] switch
        {
            "OK" when !string.IsNullOrEmpty(user) => new LoginAnswer(LookupVerdict.Yes, user),
            "FAIL" when !fields.Contains("temp") => LoginAnswer.No,
            "OK" or "FAIL" or "CONT" => LoginAnswer.Later,
            _ => null,
        };
    }

    private async Task<LoginAnswer> AskAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(UnixListener.EndPoint(socketPath), stop);
        string response = Convert.ToBase64String([0, .. name, 0, .. secret]);
        string request = $"VERSION\t1\t1\nCPID\t{Processes.Id}\n"
            + $"AUTH\t1\tPLAIN\tservice={service}\tsecured\trip={peer}\tresp={response}\n";
        ReadOnlyMemory<byte> rest = Encoding.ASCII.GetBytes(request);
        while (!rest.IsEmpty)
        {
            rest = rest[await socket.SendAsync(rest, stop)..];
        }

        StringBuilder text = new();
        byte[] block = new byte[4096];
        int total = 0;
        int got;
        while ((got = await socket.ReceiveAsync(block, stop)) > 0
            && (total += got) <= AnswerBytesMax)
        {
            text.Append(ByteText.ToText(block.AsSpan(0, got)));
            string[] lines = text.ToString().Split('\n');
            foreach (string line in lines[..^1])
            {
                if (line.StartsWith("VERSION\t", StringComparison.Ordinal)
                    && !line.StartsWith("VERSION\t1\t", StringComparison.Ordinal))
                {
                    return LoginAnswer.Later;
                }

                if (Parse(line) is { } answer)
                {
                    return answer;
                }
            }

            text.Clear().Append(lines[^1]);
        }

        return LoginAnswer.Later;
    }
}
