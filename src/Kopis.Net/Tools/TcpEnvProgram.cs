using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Net;

/// <summary><c>tcp-env [-rR] [-t SECONDS] PROGRAM</c>: tells a program that inetd started who its
/// peer is, as tcpserver does (contract §11).</summary>
public static class TcpEnvProgram
{
    private const string Usage = "usage: tcp-env [ -rR ] [ -t timeout ] program [ arg ... ]";
    private static readonly byte[] SoftError = "softdnserror"u8.ToArray();

    /// <summary>Returns only by throwing.</summary>
    public static int Run(ProgramContext context)
    {
        (TimeSpan? identTime, IReadOnlyList<byte[]> words) = Parse(context);
        ByteEnvironment environment = new(context.Environment);
        if (environment.Text("PROTO") != "TCP")
        {
            SetPeerAsync(context, environment, identTime).GetAwaiter().GetResult();
        }

        string program = LogText.Safe(words[0]);
        string path = ProgramPath.Find(environment, words[0])
            ?? throw new ConfigurationException($"unable to run {program}: it is not in PATH");
        try
        {
            Processes.Exec(path, words, environment);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to run {program}: {e.Reason}", e);
        }

        return ExitCode.Temporary;
    }

    // The time for ident is null where it is not asked.
    private static (TimeSpan? IdentTime, IReadOnlyList<byte[]> Words) Parse(ProgramContext context)
    {
        int seconds = 30;
        bool asks = true;
        int at = 0;
        while (context.ArgumentText(at) is { Length: > 1 } word && word[0] == '-')
        {
            at++;
            if (word == "--")
            {
                break;
            }

            for (int i = 1; i < word.Length; i++)
            {
                asks = word[i] == 'r' || (asks && word[i] != 'R');
                if (word[i] == 't')
                {
                    string? value =
                        i + 1 < word.Length ? word[(i + 1)..] : context.ArgumentText(at++);
                    if (!int.TryParse(value, NumberStyles.None, null, out seconds))
                    {
                        throw new ConfigurationException(Usage, ExitCode.Permanent);
                    }

                    break;
                }

                if (word[i] is not ('r' or 'R'))
                {
                    throw new ConfigurationException(Usage, ExitCode.Permanent);
                }
            }
        }

        return at < context.Arguments.Count
            ? (asks ? TimeSpan.FromSeconds(seconds) : null, [.. context.Arguments.Skip(at)])
            : throw new ConfigurationException(Usage, ExitCode.Permanent);
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
            throw new ConfigurationException($"standard input is no connection: {e.Message}", e);
        }
    }

    private static IPEndPoint Plain(EndPoint? end) =>
        end is not IPEndPoint ip
            ? throw new ConfigurationException("standard input is no TCP connection")
        : ip.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(ip.Address.MapToIPv4(), ip.Port)
        : ip;

    private static async Task<byte[]?> NameAsync(MailDns dns, IPAddress address)
    {
        DnsAnswer<string> answer = await dns.FindNamesAsync(address, CancellationToken.None);
        return answer.Status == DnsStatus.TryAgain ? SoftError
            : answer.Records.Count > 0
                ? Ascii8.ToLower(ByteText.ToBytes(answer.Records[0]))
            : null;
    }
}
