using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Host.Accounts;
using Kopis.Mail.Authentication.Reports;
using Kopis.Posix;

namespace Kopis.Host.Dmarc;

/// <summary><c>kopis dmarc report</c> and <c>kopis tlsrpt report</c>: parse received reports.
/// Reports are foreign data, so root only opens the files; the owner of the directory <c>dmarc</c>
/// or <c>tlsrpt</c> parses them.</summary>
/// <param name="format">The kind of reports.</param>
internal sealed class ReportCommand<T>(ReportFormat<T> format)
{
    private const string Descriptor = "--fd"; // Only from root; a number follows.
    private const int DescriptorsMax = 512; // The usual limit is 1,024.

    /// <summary>Runs the program with its two commands, this one and <c>send</c>.</summary>
    /// <param name="context">What the program is given.</param>
    /// <param name="usage">How to use it.</param>
    /// <param name="send">Runs <c>send</c> with the words that follow; null if they make no sense.
    /// </param>
    /// <param name="codeOfSend">The exit code of <c>send</c> after it has run.</param>
    internal int RunProgram(
        ProgramContext context, string usage, Func<string[], string?> send, Func<int> codeOfSend)
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        if (words is ["report", .. string[] files] && Run(context, files) is { } code)
        {
            return code;
        }

        int done = AccountCommand.Run(
            context, usage, words => words is ["send", .. string[] more] ? send(more) : null,
            format.Name);
        return done == ExitCode.Success ? codeOfSend() : done;
    }

    /// <summary>Runs the command; null if the words make no sense.</summary>
    private int? Run(ProgramContext context, string[] words)
    {
        bool isJson = words is ["--json", ..];
        string[] files = isJson ? words[1..] : words;
        if (files.Length == 0 || files.Any(file => file is [] or ['-', _, ..]
            && !file.StartsWith(Descriptor + "=", StringComparison.Ordinal)))
        {
            return null;
        }

        HandOver(context, isJson, files);
        List<T> reports = [];
        int code = ExitCode.Success;
        foreach (string file in files)
        {
            code = Math.Max(code, Read(file, reports));
        }

        foreach (byte[] text in isJson ? [format.ToJson(reports)] : Tables(reports))
        {
            Fd.WriteAll(1, text);
        }

        return code;
    }

    // One report after another, since all of them at once may not fit into memory.
    private IEnumerable<byte[]> Tables(IEnumerable<T> reports) =>
        reports.Select((report, number) => Encoding.UTF8.GetBytes(
            (number > 0 ? "\n" : "") + format.ToTable(report)));

    private int Read(string file, List<T> reports)
    {
        if (Open(file, out int errno) is not { } bytes)
        {
            Warn(file, new PosixException("unable to read it", errno).Message);
            return ExitCode.Temporary;
        }

        int code = ExitCode.Success;
        IReadOnlyList<byte[]> documents = ReportFile.Find(
            bytes, out string fault, format.IsJson);
        foreach (byte[] document in documents)
        {
            if (format.Read(document, out string wrong) is { } report)
            {
                reports.Add(report);
            }
            else
            {
                Warn(file, wrong);
                code = ExitCode.Permanent;
            }
        }

        if (fault.Length > 0)
        {
            Warn(file, fault);
            code = ExitCode.Permanent;
        }

        return code;
    }

    private static byte[]? Open(string file, out int errno)
    {
        int fd = Number(file);
        return fd < 0 ? BoundedFile.TryRead(file, ReportFile.BytesMax, out errno)
            : fd > 0 && !Fd.IsInherited(fd) ? Fail(Errno.NoEntry, out errno)
            : ReadAll(fd, out errno);
    }

    private static byte[]? Fail(int why, out int errno)
    {
        errno = why;
        return null;
    }

    /// <summary>The content of a descriptor, which may be a pipe.</summary>
    private static byte[]? ReadAll(int fd, out int errno)
    {
        errno = 0;
        MemoryStream whole = new();
        byte[] piece = new byte[64 * 1024];
        for (int read; (read = Fd.Read(fd, piece)) > 0;)
        {
            whole.Write(piece, 0, read);
            if (whole.Length > ReportFile.BytesMax)
            {
                return Fail(Errno.FileTooLarge, out errno);
            }
        }

        return whole.ToArray();
    }

    /// <summary>The descriptor that a word stands for; minus one for a file's name.</summary>
    private static int Number(string file) => file == "-" ? 0
        : file.StartsWith(Descriptor + "=", StringComparison.Ordinal)
            && int.TryParse(
                file.AsSpan(Descriptor.Length + 1), NumberStyles.None,
                CultureInfo.InvariantCulture, out int number)
        ? number : -1;

    /// <summary>Root opens the files, and continues as the directory's owner.</summary>
    private void HandOver(ProgramContext context, bool isJson, string[] files)
    {
        string folder = context.In(format.Name);
        if (Processes.EffectiveUid != 0
            || Fd.TryStatus(Fd.PathBytes(folder), out _) is not { IsDirectory: true }
            || ProcessIdentity.ForWorkIn(folder) is not { } owner)
        {
            return;
        }

        if (files.Length > DescriptorsMax)
        {
            throw new ConfigurationException(
                $"over {DescriptorsMax} files at once", ExitCode.Permanent);
        }

        List<string> words =
            [format.Name, "report", .. isJson ? (string[])["--json"] : []];
        foreach (string file in files)
        {
            int fd = Number(file);
            if (fd < 0)
            {
                fd = Fd.TryOpen(
                    Fd.PathBytes(file),
                    OpenFlags.ReadOnly | OpenFlags.NonBlocking | OpenFlags.NoTerminal,
                    out int errno);
                if (fd < 0)
                {
                    throw new PosixException($"open {file}", errno);
                }

                Fd.SetCloseOnExec(fd, on: false);
            }

            words.Add(fd == 0 ? "-" : $"{Descriptor}={fd}");
        }

        owner.Exec(ProcessStart.Own(
            context, "kopis", [.. words.Select(ByteText.ToBytes)]) with
        {
            Directory = null,
        });
    }

    private void Warn(string file, string what) => Fd.WriteAll(
        2, Encoding.UTF8.GetBytes($"kopis {format.Name} report: {Safe(file)}: {what}\n"));

    private static string Safe(string text) => LogText.Safe(Encoding.UTF8.GetBytes(text));
}
