using System.IO.Pipelines;
using Kopis.Base;
using Kopis.Config;
using Kopis.Net;
using Kopis.Net.Tls;
using Kopis.Posix;
using Kopis.Server.Pop3;
using Kopis.Testing;
using Kopis.Users.Tickets;

namespace Kopis.Server.Tests.Pop3;

/// <summary>
/// Transcripts of the POP3 chain in one process. <c>mail NAME SECONDS: TEXT</c> puts a message into
/// the Maildir of sengoku@toyokawa.gcd.org (password: koala), that many seconds old; <c>remove
/// NAME</c> deletes it; <c>has NAME</c> and <c>lacks NAME</c> look whether it is there after the
/// session.
/// </summary>
internal sealed class Pop3Talk : Talk
{
    private readonly List<(string Name, bool Wanted)> _checks = [];

    internal Pop3Talk(int cutBytes)
        : base(cutBytes) => Maildir = Home.AddUser("sengoku@toyokawa.gcd.org", "koala");

    internal InstantTime GateTime { get; } = new();

    internal string Maildir { get; }

    internal TestHome Home { get; } = new();

    /// <summary>Plays a whole transcript and returns the exit code.</summary>
    internal static async Task<int> Play(int cutBytes, string text)
    {
        using Pop3Talk talk = new(cutBytes);
        await talk.Play(text);
        return await talk.End();
    }

    /// <inheritdoc/>
    public override async Task<int> End()
    {
        int exit = await base.End();
        foreach ((string name, bool wanted) in _checks)
        {
            Assert.True(wanted == File.Exists(Path.Combine(Maildir, name)), name);
        }

        return exit;
    }
    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Home.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task<int> Serve(PipeReader input, PipeWriter output)
    {
        using JournalSocket journal = new(Home.Path, Time); // Nobody listens there.
        Pop3Handler handler = new(
            new Pop3Chain("toyokawa.gcd.org"u8.ToArray(), "Maildir"u8.ToArray()),
            new Pop3Logins(Home.Path, isOneUser: true, GateTime, _ => { }),
            new TicketClient(Home.Path),
            new TlsServer(new ControlDirectory(Home.In("control")), Time, _ => { }),
            Time, _ => { }, new Pop3Journal(journal, Time));
        Connection connection = Connection.OverPipes(input, output, new ByteEnvironment(), Time);
        await using (connection)
        {
            return await handler.RunAsync(connection, Stop.Token);
        }
    }

    /// <inheritdoc/>
    protected override bool Obey(string line)
    {
        switch (line.Split(' ', 3))
        {
            case ["mail", string name, string rest]:
                string[] pair = rest.Split(": ", 2);
                TestHome.AddMessage(Maildir, name, int.Parse(pair[0]), Unescape(pair[1]));
                return true;
            case ["remove", string name]:
                File.Delete(Path.Combine(Maildir, name));
                return true;
            case ["has", string name]:
                _checks.Add((name, true));
                return true;
            case ["lacks", string name]:
                _checks.Add((name, false));
                return true;
            default:
                return false;
        }
    }
}
