using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Net.Dns;
using Kopis.Net.Listener;
using Kopis.Posix;

namespace Kopis.Tools.Network;

/// <summary><c>tcp-env [-rR] [-t SECONDS] PROGRAM</c>: sets the variables about the peer for a
/// program that inetd started, as tcpserver does (contract §11).</summary>
public static class TcpEnvProgram
{
    private const string Usage = "tcp-env [ -rR ] [ -t timeout ] program [ arg ... ]";
    private static readonly byte[] SoftError = "softdnserror"u8.ToArray();

    /// <summary>Runs the program; returns only by throwing.</summary>
    public static int Run(ProgramContext context)
    {
        (TimeSpan? identTime, IReadOnlyList<byte[]> words) = Parse(context);
        ByteEnvironment environment = new(context.Environment);
        if (environment.Text("PROTO") != "TCP")
        {
            SetPeerAsync(context, environment, identTime).GetAwaiter().GetResult();
        }

        Successor.Run(environment, words);
        return ExitCode.Temporary;
    }

    // A null time means that ident is not asked.
    private static (TimeSpan? IdentTime, IReadOnlyList<byte[]> Words) Parse(ProgramContext context)
    {
        int seconds = 30;
        bool asks = true;
        OptionReader reader = new(context.Name, context.Arguments, "rR", "t", Usage);
        while (reader.Read())
        {
            asks = reader.Letter == 'r' || (asks && reader.Letter != 'R');
            if (reader.Letter == 't'
                && !int.TryParse(reader.ValueText, NumberStyles.None, null, out seconds))
            {
                throw reader.Wrong();
            }
        }

        IReadOnlyList<byte[]> words = reader.Rest(1);
        return (asks ? TimeSpan.FromSeconds(seconds) : null, words);
    }

    private static async Task SetPeerAsync(
        ProgramContext context, ByteEnvironment environment, TimeSpan? identTime)
    {
        (IPEndPoint local, IPEndPoint remote) = Ends();
        MailDns dns = MailDns.Read(context);
        Task<byte[]?> localName = NameAsync(dns, local.Address);
        Task<byte[]?> remoteName = NameAsync(dns, remote.Address);
        environment.SetText("PROTO", "TCP");
        environment.SetText("TCPLOCALIP", local.Address.ToString());
        environment.SetText("TCPLOCALPORT", local.Port.ToString(CultureInfo.InvariantCulture));
        environment.SetText("TCPREMOTEIP", remote.Address.ToString());
        environment.SetText("TCPREMOTEPORT", remote.Port.ToString(CultureInfo.InvariantCulture));
        environment["TCPLOCALHOST"] = await localName;
        environment["TCPREMOTEHOST"] = await remoteName;
        environment["TCPREMOTEINFO"] = identTime is { } time
            && await Ident.AskAsync(local, remote, time, CancellationToken.None)
                is { Length: > 0 } user
            ? user
            : null;
    }

    private static (IPEndPoint Local, IPEndPoint Remote) Ends()
    {
        try
        {
            using SafeSocketHandle handle = new(0, ownsHandle: false);
            using Socket socket = new(handle);
            return (Plain(socket.LocalEndPoint), Plain(socket.RemoteEndPoint));
        }
        catch (SocketException e)
        {
            throw new ConfigurationException(
                $"standard input is not a connection: {ErrorText.Of(e)}", e);
        }
    }

    private static IPEndPoint Plain(EndPoint? end) =>
        end is not IPEndPoint ip
            ? throw new ConfigurationException("standard input is not a TCP connection")
        : PlainAddress.Of(ip);

    private static async Task<byte[]?> NameAsync(MailDns dns, IPAddress address)
    {
        DnsAnswer<string> answer = await dns.FindNamesAsync(address, CancellationToken.None);
        return answer.Status == DnsStatus.TryAgain ? SoftError
            : answer.Records.Count > 0
                ? Ascii8.ToLower(ByteText.ToBytes(answer.Records[0]))
            : null;
    }
}
