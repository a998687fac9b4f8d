using System.Text;
using Kopis.Posix;

namespace Kopis.Simulation.Tests;

/// <summary>Looks at a Maildir as its owner would: each file in new is a whole message.
/// </summary>
internal sealed class MaildirCheck(ProcessFiles eye)
{
    private const int FileBytesMax = 1 << 20;
    private readonly Dictionary<(int Id, string Address), int> _copies = [];

    internal int Duplicates => _copies.Values.Sum(count => count - 1);

    internal int Copies(int id, string address) => _copies.GetValueOrDefault((id, address));

    internal void Look(Ledger ledger)
    {
        _copies.Clear();
        byte[] block = new byte[FileBytesMax];
        foreach (string name in eye.FileNames(Machine.MaildirNew))
        {
            int fd = eye.Open($"{Machine.MaildirNew}/{name}", OpenFlags.ReadOnly);
            byte[] file = block[..eye.ReadAt(fd, block, 0)];
            eye.Close(fd);
            (int, string) copy = Read(ledger, file);
            _copies[copy] = _copies.GetValueOrDefault(copy) + 1;
        }
    }

    private static (int Id, string Address) Read(Ledger ledger, byte[] file)
    {
        string text = Encoding.Latin1.GetString(file);
        string[] lines = text.Split('\n', 3);
        const string to = "Delivered-To: ";
        Ledger.Require(
            lines.Length == 3 && lines[0].StartsWith("Return-Path: <", StringComparison.Ordinal)
            && lines[1].StartsWith(to, StringComparison.Ordinal),
            $"a partial file of {file.Length} bytes is in new");
        string address = lines[1][to.Length..];
        Mail mail = ledger.Read(Encoding.Latin1.GetBytes(lines[2]));
        Ledger.Require(
            mail.Recipients.Contains(address), $"{mail.Id} came to {address}, who is no recipient");
        return (mail.Id, address);
    }
}
