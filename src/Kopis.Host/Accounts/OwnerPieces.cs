using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Host.Doctor;
using Kopis.Host.Install;
using Kopis.Host.Migration;
using Kopis.Host.Status;
using Kopis.Posix;
using Kopis.Queue.QmailFormat;
using Kopis.Users.Virtual;

namespace Kopis.Host.Accounts;

/// <summary>The pieces of work that root has done by a directory's owner (<see cref="OwnerWork"/>).
/// Each has only the rights of its caller.</summary>
public static class OwnerPieces
{
    private const int Readable = 0x1A4; // 0644
    private const int OwnerReads = 0x100; // 0400

    /// <summary>Does a piece of work; its output goes to descriptor 1.</summary>
    public static int Run(ProgramContext context)
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        try
        {
            string text = words switch
            {
                ["make-directories", .. string[] paths] => MakeDirectories(paths),
                ["make-file", string path] => MakeFile(path),
                ["replace-file", string path] => ReplaceFile(path),
                ["replace-secret", string path] => ReplaceSecret(path),
                ["remove", string path] => MigrationJournal.RemoveOne(path),
                ["delete-mail", string path] => VirtualUsersFile.DeleteTree(path),
                ["quota", string maildir, string address] =>
                    QuotaCommand.Act(Encoding.UTF8.GetBytes(maildir), address, null),
                ["quota", string maildir, string address, string word] =>
                    QuotaCommand.Act(Encoding.UTF8.GetBytes(maildir), address, word),
                ["bounces", string directory] => RemoveBounces(directory),
                [CertificateEnd.Piece, string home] => CertificateEnd.Read(home),
                [DoctorKeys.Piece, string path] => DoctorKeys.List(path),
                [NetworkChecks.Piece, string home] => NetworkChecks.Run(home, ReadInput()),
                _ => throw new ConfigurationException("unknown work", ExitCode.Permanent),
            };
            Fd.WriteAll(1, Encoding.UTF8.GetBytes(text));
            return ExitCode.Success;
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ConfigurationException)
        {
            Fd.WriteAll(1, Encoding.UTF8.GetBytes(e.Message)); // Root prints it in its own name.
            return ExitCode.Temporary;
        }
    }

    private static string MakeDirectories(string[] paths)
    {
        Array.ForEach(paths, VirtualUsersFile.MakeDirectory);
        return "";
    }

    /// <summary>Writes a new file.</summary>
    private static string MakeFile(string path)
    {
        if (Fd.TryStatus(Fd.PathBytes(path), out _, followLinks: false) is not null)
        {
            return "";
        }

        PlainFile.Write(path, ReadInput(), Readable);
        return "made";
    }

    private static string ReplaceFile(string path)
    {
        _ = PlainFile.Replace(path, ReadInput(), Readable);
        return "";
    }

    private static string ReplaceSecret(string path)
    {
        _ = PlainFile.Replace(path, ReadInput(), OwnerReads);
        return "";
    }

    /// <summary>Writes the failure reports of messages from another queue. Each is a number and a
    /// length, both little-endian, and a text; a byte is sent back once it is written.</summary>
    private static string RemoveBounces(string directory)
    {
        byte[] head = new byte[sizeof(ulong) + sizeof(int)];
        while (ReadFully(head))
        {
            ulong number = BinaryPrimitives.ReadUInt64LittleEndian(head);
            int length = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(sizeof(ulong)));
            byte[] text = new byte[length];
            if (!ReadFully(text))
            {
                break;
            }

            ImportedBounce.Write(
                Path.Combine(directory, number.ToString(CultureInfo.InvariantCulture)), text);
            Fd.WriteAll(0, [0]);
        }

        return "";
    }

    private static bool ReadFully(Span<byte> to)
    {
        int length = 0;
        int got;
        while (length < to.Length && (got = Fd.Read(0, to[length..])) > 0)
        {
            length += got;
        }

        return length == to.Length;
    }

    private static byte[] ReadInput()
    {
        using MemoryStream input = new();
        byte[] block = new byte[4096];
        int got;
        while ((got = Fd.Read(0, block)) > 0)
        {
            input.Write(block, 0, got);
        }

        return input.ToArray();
    }
}
