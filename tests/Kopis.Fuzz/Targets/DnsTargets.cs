using System.Net;
using System.Net.Sockets;
using Kopis.Config;
using Kopis.Net.Dns;

namespace Kopis.Fuzz.Targets;

/// <summary>A resolver that answers with anything at all.</summary>
internal static class DnsTargets
{
    private static readonly Lazy<LyingResolver> Resolver = new(() => new LyingResolver());

    /// <summary>Whatever it says, a lookup ends with a list or a reason to wait.</summary>
    internal static void Answer(byte[] input)
    {
        LyingResolver resolver = Resolver.Value;
        resolver.Answer = input;
        DnsAnswer<MailExchanger> answer =
            resolver.Dns.FindExchangersAsync(resolver.NextName(), CancellationToken.None)
                .WaitAsync(TimeSpan.FromSeconds(60)).GetAwaiter().GetResult();
        Must.Hold(answer.Records.Count <= 100, "more records than are believed");
        foreach (MailExchanger exchanger in answer.Records)
        {
            Must.Hold(exchanger.Preference is >= 0 and <= ushort.MaxValue, "a preference");
        }
    }

    private sealed class LyingResolver
    {
        private readonly Socket _udp = Bind(SocketType.Dgram, ProtocolType.Udp, 0);
        private readonly Socket _tcp;
        private int _name;

        internal LyingResolver()
        {
            int port = ((IPEndPoint)_udp.LocalEndPoint!).Port;
            _tcp = Bind(SocketType.Stream, ProtocolType.Tcp, port);
            _tcp.Listen();
            string home = Scratch.Home(("resolvers", $"127.0.0.1:{port}"));
            Dns = MailDns.Read(new ControlDirectory(Path.Combine(home, "control")));
            new Thread(ServeDatagrams) { IsBackground = true }.Start();
            new Thread(ServeStreams) { IsBackground = true }.Start();
        }

        internal MailDns Dns { get; }

        internal byte[] Answer { private get; set; } = [];

        // Always of one length, so that compression pointers of a corpus stay right.
        internal string NextName() => $"h{++_name % 100_000_000:d8}.example";

        private static Socket Bind(SocketType type, ProtocolType protocol, int port)
        {
            Socket socket = new(AddressFamily.InterNetwork, type, protocol);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return socket;
        }

        private void ServeDatagrams()
        {
            byte[] question = new byte[4096];
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            while (true)
            {
                int length = _udp.ReceiveFrom(question, ref from);
                _udp.SendTo(Reply(question.AsSpan(0, length)), from);
            }
        }

        private void ServeStreams()
        {
            byte[] question = new byte[4096];
            while (true)
            {
                using Socket client = _tcp.Accept();
                int length = client.Receive(question);
                if (length > 2)
                {
                    byte[] reply = Reply(question.AsSpan(2, length - 2));
                    client.Send([(byte)(reply.Length >> 8), (byte)reply.Length, .. reply]);
                }
            }
        }

        // The question's number and the question itself, unless the first byte says otherwise:
        // an answer that matches nothing is dropped before it is parsed.
        private byte[] Reply(ReadOnlySpan<byte> question)
        {
            byte[] answer = Answer;
            if (answer is not [_, .. byte[] rest] || answer[0] >= 128)
            {
                return [.. question[..2], .. answer];
            }

            byte[] reply = [.. question[..2], .. rest];
            const int headBytes = 12;
            if (reply.Length >= headBytes && question.Length > headBytes)
            {
                int end = question[headBytes..].IndexOf((byte)0) + headBytes + 5;
                return end <= question.Length
                    ? [.. reply[..headBytes], .. question[headBytes..end], .. reply[headBytes..]]
                    : reply;
            }

            return reply;
        }
    }
}
