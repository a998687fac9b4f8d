using System.IO.Pipelines;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Net;
using Kopis.Server.ClientPolicy;
using Kopis.Server.Smtp;
using Kopis.Testing;
using Kopis.Users.Logins;

namespace Kopis.Server.Tests.Smtp;

/// <summary>
/// Plays a transcript against a session. <c>C:</c> lines are sent, ended by CRLF, and <c>S:</c>
/// lines must come, in order; several C: lines in a row go out in one batch. Escapes in C: lines:
/// \r \n \0 \\, and a last <c>\c</c> leaves the CRLF out. <c>control FILE: LINE</c> writes a
/// control file, <c>env NAME=VALUE</c> sets a variable, <c>eof</c> ends the client's side, and
/// <c>#</c> says why. After the transcript the session must have nothing more to say.
/// </summary>
internal sealed class Talk : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("kopis-talk");
    private readonly Pipe _toServer = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly Pipe _toClient = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly ByteEnvironment _environment = new();
    private readonly StringBuilder _received = new();
    private readonly int _cutBytes;
    private Task<int>? _session;

    internal Talk(int cutBytes)
    {
        _cutBytes = cutBytes;
        Control("me", "toyokawa.gcd.org");
        Control("rcpthosts", "gcd.org");
        _environment["TCPREMOTEIP"] = "192.168.1.4"u8.ToArray();
        _environment["TCPREMOTEHOST"] = "ozenji.gcd.org"u8.ToArray();
        _environment["TCPLOCALHOST"] = "toyokawa.gcd.org"u8.ToArray();
    }

    internal CapturedQueue Queue { get; } = new();

    /// <summary>Who is asked about recipients; nobody unless set.</summary>
    internal AskedRecipients? Recipients { get; set; }

    internal Kopis.Users.Logins.SaslService? Logins { get; set; }

    /// <summary>Whether the session has ended.</summary>
    internal bool IsOver => _session is { IsCompleted: true };

    /// <summary>Replies that came in one write each.</summary>
    internal int Flushes { get; private set; }

    internal ManualTime Time { get; } = new();

    internal ListedDns Dns { get; } = new();

    internal CancellationTokenSource Stop { get; } = new();

    /// <summary>Plays a whole transcript and returns the exit code.</summary>
    internal static async Task<(int Exit, CapturedQueue Queue)> Play(int cutBytes, string text)
    {
        using Talk talk = new(cutBytes);
        foreach (string line in text.Split('\n'))
        {
            await talk.Line(line);
        }

        return (await talk.End(), talk.Queue);
    }

    /// <summary>Takes one line of a transcript.</summary>
    internal async Task Line(string line)
    {
        line = line.TrimStart();
        string rest = line.Length > 2 ? line[2..] : "";
        rest = rest.StartsWith(' ') ? rest[1..] : rest;
        switch (line)
        {
            case "" or ['#', ..]:
                break;
            case ['C', ':', ..]:
                await Send(rest.EndsWith("\\c", StringComparison.Ordinal)
                    ? Unescape(rest[..^2]) : Unescape(rest) + "\r\n");
                break;
            case ['S', ':', ..]:
                await Expect(rest);
                break;
            case "eof":
                await Send("");
                await _toServer.Writer.CompleteAsync();
                break;
            default:
                Set(line);
                break;
        }
    }

    /// <summary>Sends raw text in pieces.</summary>
    internal async Task Send(string text)
    {
        Start();
        byte[] bytes = Encoding.Latin1.GetBytes(text);
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

    /// <summary>Takes what is left of a reply of several lines.</summary>
    internal async Task ReadReply()
    {
        while (true)
        {
            string all = _received.ToString();
            int end = all.IndexOf("\r\n", StringComparison.Ordinal);
            if (end < 0)
            {
                Assert.True(await ReadMore().WaitAsync(TimeSpan.FromSeconds(30)));
                continue;
            }

            _received.Remove(0, end + 2);
            if (all[3] != '-')
            {
                return;
            }
        }
    }

    /// <summary>Returns when the session waits for a time that is near.</summary>
    internal async Task Waits()
    {
        for (int i = 0; Time.NextDue is not { TotalSeconds: <= 60 }; i++)
        {
            Assert.True(i < 3000, "the session does not wait");
            await Task.Delay(10);
        }
    }

    internal void Control(string file, string line) =>
        Control(file, Encoding.Latin1.GetBytes(line + "\n"));

    internal void Control(string file, byte[] content)
    {
        Directory.CreateDirectory(Path.Combine(_home.FullName, "control"));
        File.WriteAllBytes(Path.Combine(_home.FullName, "control", file), content);
    }

    public void Dispose()
    {
        Stop.Dispose();
        _home.Delete(recursive: true);
    }

    private void Start() => _session ??= Serve();

    private async Task<int> Serve()
    {
        ControlDirectory control = new(Path.Combine(_home.FullName, "control"));
        ClientGate gate = new(control, () => Dns, Time, _ => { });
        SmtpHandler handler =
            new(control, _ => Queue, Recipients, senders: null, gate, Logins, Time);
        Connection connection = Connection.OverPipes(
            _toServer.Reader, _toClient.Writer, _environment, Time);
        await using (connection)
        {
            return await handler.RunAsync(connection, Stop.Token);
        }
    }

    private async Task<bool> ReadMore()
    {
        ReadResult read = await _toClient.Reader.ReadAsync();
        bool more = !read.IsCompleted || !read.Buffer.IsEmpty;
        Flushes += read.Buffer.IsEmpty ? 0 : 1;
        _received.Append(Encoding.Latin1.GetString(read.Buffer));
        _toClient.Reader.AdvanceTo(read.Buffer.End);
        return more;
    }

    private void Set(string line)
    {
        if (line.StartsWith("env ", StringComparison.Ordinal))
        {
            string[] pair = line[4..].Split('=', 2);
            _environment.SetText(pair[0], pair[1]);
        }
        else if (line.StartsWith("control ", StringComparison.Ordinal))
        {
            string[] pair = line[8..].Split(": ", 2);
            Control(pair[0], pair[1].Replace("\\n", "\n", StringComparison.Ordinal));
        }
        else
        {
            Assert.Fail($"no such line in a transcript: {line}");
        }
    }

    private static string Unescape(string text) =>
        text.Replace("\\r", "\r", StringComparison.Ordinal)
            .Replace("\\n", "\n", StringComparison.Ordinal)
            .Replace("\\0", "\0", StringComparison.Ordinal)
            .Replace("\\\\", "\\", StringComparison.Ordinal);
}
