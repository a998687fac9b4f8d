using System.IO.Pipelines;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Net;
using Kopis.Net.Tls;
using Kopis.Server.Pop3;
using Kopis.Testing;
using Kopis.Users.Tickets;

namespace Kopis.Server.Tests.Pop3;

/// <summary>
/// Plays a transcript against the fused POP3 chain. <c>C:</c> lines are sent, ended by CRLF;
/// <c>S:</c> lines must come, in order. Escapes in both: \r \n \0 \s (a space) \\, and a last
/// <c>\c</c> in a C: line leaves the CRLF out. <c>mail NAME SECONDS: TEXT</c> puts a message into
/// the Maildir of sengoku@toyokawa.gcd.org (password: koala), that many seconds old; <c>remove
/// NAME</c> takes it away; <c>has NAME</c> and <c>lacks NAME</c> look whether it is there after
/// the session; <c>eof</c> ends the client's side, and <c>#</c> says why.
/// </summary>
internal sealed class Talk : IDisposable
{
    private readonly TestHome _home = new();
    private readonly string _maildir;
    private readonly Pipe _toServer = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly Pipe _toClient = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly StringBuilder _received = new();
    private readonly List<(string Name, bool Wanted)> _checks = [];
    private readonly int _cutBytes;
    private Task<int>? _session;

    internal Talk(int cutBytes)
    {
        _cutBytes = cutBytes;
        _maildir = _home.AddUser("sengoku@toyokawa.gcd.org", "koala");
    }

    /// <summary>Whether the session has ended.</summary>
    internal bool IsOver => _session is { IsCompleted: true };

    internal ManualTime Time { get; } = new();

    internal InstantTime GateTime { get; } = new();

    internal CancellationTokenSource Stop { get; } = new();

    internal string Maildir => _maildir;

    internal TestHome Home => _home;

    /// <summary>Plays a whole transcript and returns the exit code.</summary>
    internal static async Task<int> Play(int cutBytes, string text)
    {
        using Talk talk = new(cutBytes);
        await talk.Play(text);
        return await talk.End();
    }

    internal async Task Play(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            await Line(line);
        }
    }

    /// <summary>Takes one line of a transcript.</summary>
    internal async Task Line(string line)
    {
        line = line.TrimStart();
        string rest = line.Length > 2 ? line[2..] : "";
        rest = rest.StartsWith(' ') ? rest[1..] : rest;
        string[] words = line.Split(' ', 3);
        switch (line)
        {
            case "" or ['#', ..]:
                break;
            case ['C', ':', ..]:
                await Send(rest.EndsWith("\\c", StringComparison.Ordinal)
                    ? Unescape(rest[..^2]) : Unescape(rest) + "\r\n");
                break;
            case ['S', ':', ..]:
                await Expect(Unescape(rest));
                break;
            case "eof":
                await Send("");
                await _toServer.Writer.CompleteAsync();
                break;
            default:
                Command(words);
                break;
        }
    }

    /// <summary>Sends raw text in pieces.</summary>
    internal async Task Send(string text)
    {
        Start();
        byte[] bytes = ByteText.ToBytes(text);
        for (int at = 0; at < bytes.Length; at += _cutBytes)
        {
            await _toServer.Writer.WriteAsync(
                bytes.AsMemory(at, Math.Min(_cutBytes, bytes.Length - at)));
        }
    }

    /// <summary>Waits for the session's own end; nothing unexpected may have been said.</summary>
    internal async Task<int> End()
    {
        Start();
        int exit = await _session!.WaitAsync(TimeSpan.FromSeconds(30));
        await _toClient.Writer.CompleteAsync();
        while (await ReadMore())
        {
        }

        Assert.Equal("", _received.ToString());
        foreach ((string name, bool wanted) in _checks)
        {
            Assert.True(wanted == File.Exists(Path.Combine(_maildir, name)), name);
        }

        return exit;
    }

    internal async Task Expect(string line)
    {
        Start();
        while (!_received.ToString().Contains("\r\n", StringComparison.Ordinal))
        {
            Assert.True(
                await ReadMore().WaitAsync(TimeSpan.FromSeconds(30)), $"closed before: {line}");
        }

        string all = _received.ToString();
        int end = all.IndexOf("\r\n", StringComparison.Ordinal);
        Assert.Equal(line, all[..end]);
        _received.Remove(0, end + 2);
    }

    public void Dispose()
    {
        Stop.Dispose();
        _home.Dispose();
    }

    private void Start() => _session ??= Serve();

    private async Task<int> Serve()
    {
        Pop3Handler handler = new(
            new Pop3Chain("toyokawa.gcd.org"u8.ToArray(), "Maildir"u8.ToArray()),
            new Pop3Logins(_home.Path, isOneUser: true, GateTime, _ => { }),
            new TicketClient(_home.Path),
            new TlsServer(new ControlDirectory(_home.In("control")), Time, _ => { }),
            Time, _ => { });
        Connection connection = Connection.OverPipes(
            _toServer.Reader, _toClient.Writer, new ByteEnvironment(), Time);
        await using (connection)
        {
            return await handler.RunAsync(connection, Stop.Token);
        }
    }

    private async Task<bool> ReadMore()
    {
        ReadResult read = await _toClient.Reader.ReadAsync();
        bool more = !read.IsCompleted || !read.Buffer.IsEmpty;
        _received.Append(Encoding.Latin1.GetString(read.Buffer));
        _toClient.Reader.AdvanceTo(read.Buffer.End);
        return more;
    }

    private void Command(string[] words)
    {
        switch (words)
        {
            case ["mail", string name, string rest]:
                string[] pair = rest.Split(": ", 2);
                TestHome.AddMessage(_maildir, name, int.Parse(pair[0]), Unescape(pair[1]));
                break;
            case ["remove", string name]:
                File.Delete(Path.Combine(_maildir, name));
                break;
            case ["has", string name]:
                _checks.Add((name, true));
                break;
            case ["lacks", string name]:
                _checks.Add((name, false));
                break;
            default:
                Assert.Fail($"no such line in a transcript: {string.Join(' ', words)}");
                break;
        }
    }

    private static string Unescape(string text) =>
        text.Replace("\\r", "\r", StringComparison.Ordinal)
            .Replace("\\n", "\n", StringComparison.Ordinal)
            .Replace("\\0", "\0", StringComparison.Ordinal)
            .Replace("\\s", " ", StringComparison.Ordinal)
            .Replace("\\\\", "\\", StringComparison.Ordinal);
}
