using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Tools.Mailboxes;

/// <summary><c>maildirmake NAME</c>: makes an empty Maildir.</summary>
public static class MaildirmakeProgram
{
    private const int OwnerOnly = 0x1C0; // 0700
    private static readonly string[] Parts = ["", "/tmp", "/new", "/cur"];

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        if (context.Arguments.Count == 0)
        {
            StandardOutput.Instance.Complain("maildirmake: usage: maildirmake name\n"u8);
            return ExitCode.Permanent;
        }

        Processes.SetFileModeMask(0x3F); // 077
        byte[] name = context.Arguments[0];
        foreach (string part in Parts)
        {
            byte[] path = [.. name, .. ByteText.ToBytes(part)];
            if (Make([.. path, 0]) is { } reason)
            {
                StandardOutput.Instance.Complain(
                    [
                        .. "maildirmake: fatal: unable to mkdir "u8, .. path,
                        .. ByteText.ToBytes($": {reason}\n"),
                    ]);
                return ExitCode.Temporary;
            }
        }

        return ExitCode.Success;
    }

    private static string? Make(byte[] path)
    {
        try
        {
            return Paths.TryMakeDirectory(path, OwnerOnly) ? null : FileErrors.Text(Errno.Exists);
        }
        catch (PosixException e)
        {
            return FileErrors.Text(e.Number);
        }
    }
}
