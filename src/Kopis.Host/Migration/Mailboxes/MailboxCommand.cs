using System.Globalization;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Host.Accounts;
using Kopis.Posix;
using Kopis.Users.Virtual;

namespace Kopis.Host.Migration.Mailboxes;

/// <summary><c>kopis migrate mailbox</c>: a new Maildir of an mbox, which stays as it is. The
/// Maildir gets its name when it is whole and durable.</summary>
internal static class MailboxCommand
{
    private const int BlockBytes = 64 * 1024;
    private const int OwnerOnly = 0x3F; // umask 077

    /// <summary>Does it, with the caller's rights.</summary>
    /// <exception cref="ConfigurationException">It is not an mbox, or there is a Maildir.
    /// </exception>
    /// <exception cref="IOException">Something cannot be read or written.</exception>
    internal static string Run(ProgramContext context, string mbox, string maildir)
    {
        maildir = Path.GetFullPath(maildir);
        if (Fd.TryStatus(Fd.PathBytes(maildir), out _, followLinks: false) is not null)
        {
            throw AccountCommand.Refused($"{AccountCommand.Safe(maildir)} is there already");
        }

        Processes.SetFileModeMask(OwnerOnly);
        string made = $"{maildir}.migrating";
        VirtualUsersFile.DeleteTree(made); // Of a run that was cut short.
        foreach (string part in (string[])["", "/tmp", "/new", "/cur"])
        {
            VirtualUsersFile.MakeDirectory(made + part);
        }

        string host = ByteText.ToText(
            ControlDirectory.Of(context).ReadLine(HostFiles.Me) ?? "localhost"u8.ToArray());
        MaildirSink sink = new(made, host.Replace('/', '_').Replace(':', '_'));
        try
        {
            Copy(mbox, sink);
        }
        catch (ConfigurationException)
        {
            VirtualUsersFile.DeleteTree(made);
            throw;
        }
        finally
        {
            sink.Close();
        }

        Publish(made, maildir);
        return string.Create(
            CultureInfo.InvariantCulture, $"{sink.Count} messages in {maildir}\n");
    }

    private static void Copy(string mbox, MaildirSink sink)
    {
        int fd = Fd.Open(mbox, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
        try
        {
            FileStatus before = Fd.Status(fd);
            if (!before.IsRegular)
            {
                throw AccountCommand.Refused($"{AccountCommand.Safe(mbox)} is not a regular file");
            }

            MboxReader reader = new(sink);
            byte[] block = new byte[BlockBytes];
            bool isMbox = true;
            int got;
            while (isMbox && (got = Fd.Read(fd, block)) > 0)
            {
                isMbox = reader.Write(block.AsSpan(0, got));
            }

            if (!isMbox || !reader.End())
            {
                throw AccountCommand.Refused($"{AccountCommand.Safe(mbox)} is not an mbox");
            }

            FileStatus after = Fd.Status(fd);
            if (after.Size != before.Size || after.Modified != before.Modified)
            {
                throw AccountCommand.Refused(
                    $"{AccountCommand.Safe(mbox)} changed meanwhile: stop what delivers there");
            }
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    // One sync for all: nobody sees the Maildir before.
    private static void Publish(string made, string maildir)
    {
        int fd = Fd.OpenDirectory(Fd.PathBytes(made));
        try
        {
            Fd.SyncFileSystem(fd);
        }
        finally
        {
            Fd.Close(fd);
        }

        Paths.Rename(made, maildir);
        Fd.SyncDirectory(Path.GetDirectoryName(maildir)!);
    }
}
