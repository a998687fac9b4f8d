using System.IO.Pipelines;
using System.Text;
using Kopis.Base;

namespace Kopis.Testing;

/// <summary>
/// Plays a transcript against a session. <c>C:</c> lines are sent, ended by CRLF, and <c>S:</c>
/// lines must come, in order; several C: lines in a row go out in one batch. Escapes in both:
/// \r \n \0 \s (a space) \\, and a last <c>\c</c> in a C: line leaves the CRLF out. <c>eof</c> ends
/// the client's side, and <c>#</c> says why. Other lines belong to the protocol. After the
/// transcript the session must send nothing more.
/// </summary>
/// <param name="cutBytes">Bytes in one write to the session.</param>
public abstract class Talk(int cutBytes) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Pipe _toServer = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly Pipe _toClient = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly StringBuilder _received = new();
    private Task<int>? _session;

    /// <summary>The session's clock.</summary>
    public ManualTime Time { get; } = new();

    /// <summary>Cancelled, it asks the session to end.</summary>
    public CancellationTokenSource Stop { get; } = new();

    /// <summary>Whether the session has ended.</summary>
    public bool IsOver => _session is { IsCompleted: true };

    /// <summary>Replies that came in one write each.</summary>
    public int Flushes { get; private set; }

    /// <summary>Plays a transcript.</summary>
    /// <exception cref="InvalidDataException">The session sent another line, or none.</exception>
    public async Task Play(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            await Line(line);
        }
    }

    /// <summary>Plays lines of a transcript, one an argument.</summary>
    public Task Play(params string[] lines) => Play(string.Join('\n', lines));

    /// <summary>Plays one line of a transcript.</summary>
    public async Task Line(string line)
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
                await Expect(Unescape(rest));
                break;
            case "eof":
                await Send("");
                await _toServer.Writer.CompleteAsync();
                break;
            default:
                Check(Obey(line), $"no such line in a transcript: {line}");
                break;
        }
    }

    /// <summary>Sends raw text in pieces.</summary>
    public async Task Send(string text)
    {
        Start();
        byte[] bytes = ByteText.ToBytes(text);
        for (int at = 0; at < bytes.Length; at += cutBytes)
        {
            await _toServer.Writer.WriteAsync(
                bytes.AsMemory(at, Math.Min(cutBytes, bytes.Length - at)));
        }
    }

    /// <summary>Waits for the next line, which must be this one.</summary>
    public async Task Expect(string line)
    {
        string next = await ReadLine(line);
        Check(next == line, $"expected: {line}\nreceived: {next}");
    }

    /// <summary>Reads the rest of a reply of one or more lines.</summary>
    /// <returns>Its last line.</returns>
    public async Task<string> ReadReply()
    {
        string line;
        do
        {
            line = await ReadLine("a reply");
        }
        while (line[3] == '-');
        return line;
    }

    /// <summary>Waits for the session's own end. It must have sent nothing else.</summary>
    /// <returns>The session's exit code.</returns>
    public virtual async Task<int> End()
    {
        Start();
        int exit = await _session!.WaitAsync(Patience);
        await _toClient.Writer.CompleteAsync();
        while (await ReadMore())
        {
        }

        Check(_received.Length == 0, $"not expected: {_received}");
        return exit;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Removes what the session worked on.</summary>
    protected virtual void Dispose(bool disposing) => Stop.Dispose();

    /// <summary>Serves the session until it ends.</summary>
    /// <returns>Its exit code.</returns>
    protected abstract Task<int> Serve(PipeReader input, PipeWriter output);

    /// <summary>Does what a line that is not the protocol's own says.</summary>
    /// <returns>False if there is no such line.</returns>
    protected abstract bool Obey(string line);

    /// <summary>Resolves the escapes of a transcript.</summary>
    protected static string Unescape(string text) =>
        text.Replace("\\r", "\r", StringComparison.Ordinal)
            .Replace("\\n", "\n", StringComparison.Ordinal)
            .Replace("\\0", "\0", StringComparison.Ordinal)
            .Replace("\\s", " ", StringComparison.Ordinal)
            .Replace("\\\\", "\\", StringComparison.Ordinal);

    private static void Check(bool isRight, string fault)
    {
        if (!isRight)
        {
            throw new InvalidDataException(fault);
        }
    }

    private void Start() => _session ??= Serve(_toServer.Reader, _toClient.Writer);

    private async Task<string> ReadLine(string wanted)
    {
        Start();
        while (!_received.ToString().Contains("\r\n", StringComparison.Ordinal))
        {
            Check(await ReadMore().WaitAsync(Patience), $"closed before: {wanted}");
        }

        string all = _received.ToString();
        int end = all.IndexOf("\r\n", StringComparison.Ordinal);
        _received.Remove(0, end + 2);
        return all[..end];
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
}
