using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Host.Accounts;
using Kopis.Posix;

namespace Kopis.Host.Control;

/// <summary>Reads and writes one file of <c>control</c>, for <c>kopis config get</c>, <c>set</c>
/// and <c>unset</c>.</summary>
/// <param name="context">The home.</param>
/// <param name="check">Finds the faults that a change would cause.</param>
/// <param name="file">The file.</param>
/// <param name="isDryRun">Whether to say only what would be done.</param>
internal sealed class ConfigSetting(
    ProgramContext context, ConfigCheck check, ControlFile file, bool isDryRun)
{
    private const int InputBytesMax = 16 * 1024 * 1024; // Some 500,000 domains.
    private const int OthersMayRead = 0x12; // umask 022.

    private readonly ControlDirectory _control = ControlDirectory.Of(context);

    /// <summary>Prints the value in force: a number, a line, several lines, or a text.</summary>
    /// <returns>100 if there is neither a file nor a default value.</returns>
    internal int Get()
    {
        RequireText();
        byte[]? value = file switch
        {
            ControlNumber number =>
                (_control.TryReadLong(number) ?? number.Value) is { } found
                    ? Line($"{found}") : null,
            ControlLine line => _control.ReadLineOrDefault(line) is { } found
                ? [.. found, (byte)'\n'] : null,
            ControlList list => _control.ReadList(list) is { } found
                ? Joined(found) : null,
            _ => _control.ReadWhole(file),
        };
        if (value is null)
        {
            throw Refused($"{file} is not there. Without it: {file.Default}");
        }

        Fd.WriteAll(1, value);
        return ExitCode.Success;
    }

    /// <summary>Writes the file, unless that would cause a fault.</summary>
    /// <param name="values">The lines, or a single hyphen for standard input.</param>
    internal int Set(IReadOnlyList<byte[]> values)
    {
        RequireText();
        bool isInput = values is [[(byte)'-']];
        if (!isInput && values.Count > 1 && file is ControlNumber or ControlLine)
        {
            throw Refused($"{file} has one line");
        }

        if (!isInput && values.Any(value => value.AsSpan().ContainsAny("\n\0"u8)))
        {
            throw Refused("a value is one line; standard input (-) may have more");
        }

        GoOnAsOwner();
        return Write(isInput ? ReadInput() : Joined(values));
    }

    /// <summary>Removes the file, unless that would cause a fault.</summary>
    internal int Unset()
    {
        RequireText();
        GoOnAsOwner();
        return Write(null);
    }

    private int Write(byte[]? content)
    {
        string path = _control.PathOf(file);
        FileStatus? old = Fd.TryStatus(Fd.PathBytes(path), out _, followLinks: false);
        if (old is { IsRegular: false })
        {
            throw Refused($"{file} is no plain file here; change what it leads to");
        }

        string[] faults = check.FaultsWith(file, content);
        if (faults.Length > 0)
        {
            Say(2, string.Concat(faults.Select(fault => $"{fault}\n")));
            throw Refused($"{file} stays as it is");
        }

        bool isSame = content is null ? old is null
            : old is not null && content.AsSpan().SequenceEqual(_control.ReadWhole(file));
        if (isSame)
        {
            Say(1, $"{file}: nothing to change\n");
            return ExitCode.Success;
        }

        string done = content is null ? "removed" : "written";
        if (isDryRun)
        {
            Say(1, $"{file}: would be {done}\n{Effect(isChanged: false)}");
            return ExitCode.Success;
        }

        try
        {
            Change(path, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(e.Message, e);
        }

        Say(1, $"{file}: {done}\n{Effect(isChanged: true)}");
        return ExitCode.Success;
    }

    private void Change(string path, byte[]? content)
    {
        if (content is null)
        {
            Paths.Unlink(path);
            Fd.SyncDirectory(_control.Directory);
            return;
        }

        Processes.SetFileModeMask(OthersMayRead); // Whatever the caller's.
        OwnDomains.Replace(_control, file, content);
    }

    /// <summary>When the change takes effect, and what is still to be done for that.</summary>
    private string Effect(bool isChanged)
    {
        string text = $"a change takes effect: {file.Effect}\n";
        bool isSignalled = file.Reread is Reread.Signal or Reread.Hangup;
        return text + (file == ListenerFiles.TcpRulesText
                ? $"then: cd {context.Home} && tcprules control/tcprules.dat "
                    + "control/tcprules.tmp < control/tcprules.txt\n"
            : file == SmtpFiles.MoreRcptHosts ? "then: qmail-newmrh\n"
            : isSignalled && isChanged ? OwnDomains.SignalSend(context) + "\n"
            : isSignalled ? "qmail-send would be notified\n"
            : file.Reread == Reread.Start ? $"then: {ReaderUnits.Restart(file)}\n"
            : "");
    }

    // A private key would be shown to bystanders, or written so that everybody can read it.
    private void RequireText()
    {
        string? reason = file switch
        {
            { Folder: not "control" } => "only files of control are read and written here",
            ControlData { IsCdb: true } or ControlData { IsNoFile: true } =>
                $"it is {file.Shape}, made by another program",
            ControlData when file.Shape.Contains("private key", StringComparison.Ordinal) =>
                "it has a private key: see kopis-certificate(1)",
            _ => null,
        };
        if (reason is not null)
        {
            throw Refused($"{file}: {reason}");
        }
    }

    // The home of a `kopis run`, for example, belongs to its user, and so must our files there.
    private void GoOnAsOwner()
    {
        if (!Directory.Exists(_control.Directory))
        {
            throw new ConfigurationException($"{_control.Directory}: no such directory");
        }

        OwnerWork.GoOnAsOwnerOf(_control.Directory, context);
    }

    private static byte[] ReadInput()
    {
        using MemoryStream input = new();
        byte[] block = new byte[64 * 1024];
        int got;
        while ((got = Fd.Read(0, block)) > 0)
        {
            if (input.Length + got > InputBytesMax)
            {
                throw Refused($"standard input has more than {InputBytesMax} bytes");
            }

            input.Write(block, 0, got);
        }

        return input.ToArray();
    }

    private static byte[] Joined(IEnumerable<byte[]> lines) =>
        [.. lines.SelectMany(line => (byte[])[.. line, (byte)'\n'])];

    private static byte[] Line(string text) => ByteText.ToBytes(text + "\n");

    private static ConfigurationException Refused(string reason) =>
        new(reason, ExitCode.Permanent) { Label = "" };

    private static void Say(int descriptor, string text) =>
        Fd.WriteAll(descriptor, ByteText.ToBytes(text));
}
