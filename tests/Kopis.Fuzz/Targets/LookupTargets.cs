using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Users.Logins;
using Kopis.Users.Lookup;
using Kopis.Users.Recipients;

namespace Kopis.Fuzz.Targets;

/// <summary>qmail-lookup's socket, from both of its ends.</summary>
internal static class LookupTargets
{
    private const int AnswersBytesMax = 256 * 1024;
    private static readonly string ServerHome = MakeHome("server");
    private static readonly string ClientHome = MakeHome("client");
    private static readonly SoonTime Time = new();
    private static readonly Lazy<Task> Serving = new(Serve);
    private static readonly Lazy<Socket> Listener = new(() => LookupSocket.Listen(ClientHome));

    /// <summary>A client that says anything: whole answers of a known kind, at most one to each
    /// question, and the service lives.</summary>
    internal static void Questions(byte[] input)
    {
        Must.Hold(!Serving.Value.IsCompleted, "a service that has ended");
        byte[] answers = Talk(input);
        int count = 0;
        for (int at = 0; at < answers.Length; count++)
        {
            Must.Hold(at + 2 < answers.Length, "half an answer");
            int length = BinaryPrimitives.ReadUInt16LittleEndian(answers.AsSpan(at));
            Must.Hold(at + 2 + length <= answers.Length, "half an answer");
            Must.Hold(
                LookupFrame.TrySplit(answers.AsSpan(at + 2, length), out byte verdict, out _)
                    && Enum.IsDefined((LookupVerdict)verdict), "no answer");
            at += 2 + length;
        }

        Must.Hold(count <= Frames(input), "more answers than questions");
    }

    /// <summary>A service that says anything: a login is let in by a yes with a name only, and what
    /// is no answer is later.</summary>
    internal static void Answers(byte[] input)
    {
        _ = Listener.Value;
        LookupClient client = new(ClientHome, Time);
        Task answering = AnswerAsync(input);
        IPAddress peer = IPAddress.Loopback;
        byte[] name = "joe"u8.ToArray();
        LoginAnswer answer = client.CheckPasswordAsync(
            peer, name, "x"u8.ToArray(), CancellationToken.None).GetAwaiter().GetResult();
        answering.GetAwaiter().GetResult();
        bool whole = input.Length > 2
            && BinaryPrimitives.ReadUInt16LittleEndian(input) <= input.Length - 2;
        bool yes = whole && input[2] == (byte)LookupVerdict.Yes;
        Must.Hold(answer.Verdict != LookupVerdict.Yes || yes, "a yes that was not said");
        Must.Hold(answer.Verdict != LookupVerdict.Yes || answer.Account.Length > 0, "nobody");
        Must.Hold(
            answer.Verdict != LookupVerdict.No
                || (whole && input[2] == (byte)LookupVerdict.No), "a no that was not said");
        if (whole && LookupFrame.TrySplit(
            input.AsSpan(2, BinaryPrimitives.ReadUInt16LittleEndian(input)), out byte first,
            out byte[][] fields))
        {
            byte[] again = LookupFrame.Make(first, fields)!;
            Must.Equal(input.AsSpan(0, again.Length), again, "a frame");
        }
    }

    // Once it has the question, whatever that is; then it hangs up.
    private static async Task AnswerAsync(byte[] input)
    {
        using Socket socket = await Listener.Value.AcceptAsync();
        try
        {
            _ = await LookupFrame.ReceiveAsync(socket, CancellationToken.None);
            await LookupFrame.SendAsync(socket, input, CancellationToken.None);
        }
        catch (SocketException)
        {
            // The client had read enough.
        }
    }

    private static byte[] Talk(byte[] input)
    {
        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(LookupFrame.SocketPath(ServerHome)));
        client.ReceiveTimeout = 10_000;
        byte[] answers = new byte[AnswersBytesMax];
        int total = 0;
        try
        {
            client.Send(input);
            client.Shutdown(SocketShutdown.Send);
            int got;
            while ((got = client.Receive(answers.AsSpan(total))) > 0)
            {
                total += got;
            }
        }
        catch (SocketException e) when (e.SocketErrorCode != SocketError.TimedOut)
        {
            // It hung up on us.
        }

        return answers[..total];
    }

    private static int Frames(ReadOnlySpan<byte> input)
    {
        int count = 0;
        for (; input.Length > 2; count++)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(input);
            input = input[Math.Min(input.Length, 2 + length)..];
        }

        return count;
    }

    private static Task Serve()
    {
        Accounts accounts = new(ServerHome, hasHostUsers: false);
        LookupServer server = new(
            LookupSocket.Listen(ServerHome),
            new RecipientJudge(new RecipientLookup(ServerHome, asRoot: false), null, _ => null),
            new SenderJudge(ServerHome),
            new LoginHandler(new LoginChecker(name => accounts.Find(name), Time)),
            _ => true, line => throw new FuzzFailureException($"the service says: {line}"));
        return server.RunAsync(CancellationToken.None);
    }

    // Users with a hash that is cheap to check; names of nobody cost what they cost.
    private static string MakeHome(string name)
    {
        string home = Scratch.Home(("me", "d.example"));
        string maildir = Path.Combine(home, "users", "mail", name);
        Directory.CreateDirectory(maildir);
        Directory.CreateDirectory(Path.Combine(home, "alias"));
        File.WriteAllText(
            Path.Combine(home, "users", "virtual"),
            "joe@d.example:pbkdf2-sha256$1$AAAAAAAAAAAAAAAAAAAAAA==$"
                + $"{Convert.ToBase64String(new byte[32])}:mail/{name}\n");
        return home;
    }

    // Waits are over at once, so that a wait of any length that is told costs nothing.
    private sealed class SoonTime : TimeProvider
    {
        public override ITimer CreateTimer(
            TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
