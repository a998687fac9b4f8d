using System.Globalization;
using Kopis.Posix;
using Kopis.Users.Quota;
using Kopis.Users.Virtual;

namespace Kopis.Host.Accounts;

/// <summary><c>kopis user quota</c>: shows, sets or removes the quota of a mailbox.</summary>
internal static class QuotaCommand
{
    private const long BytesLimit = 1L << 50;

    /// <summary>Runs the command as the mailbox's owner.</summary>
    /// <param name="homeDirectory">The qmail home.</param>
    /// <param name="mailbox">The mailbox.</param>
    /// <param name="word">SIZE or none; null to show the quota.</param>
    /// <exception cref="Base.ConfigurationException">The size cannot be parsed.</exception>
    /// <exception cref="PosixException">The Maildir cannot be read or written.</exception>
    internal static string Run(
        string homeDirectory, VirtualMailbox mailbox, string? word)
    {
        _ = Wanted(word);
        string maildir = mailbox.Home + "/Maildir/";
        string[] words = [maildir, mailbox.Address, .. word is null ? [] : (string[])[word]];
        (uint uid, uint gid) = VirtualOwner.Of(homeDirectory);
        return Processes.EffectiveUid == 0 && uid != 0
            ? OwnerWork.Run(new ProcessIdentity(uid, gid, gid), [], ["quota", .. words])
            : Act(Fd.PathBytes(maildir)[..^1], mailbox.Address, word);
    }

    /// <summary>Parses <c>500M</c>, <c>2G,10000C</c> and the form of Maildir++ itself; null if it
    /// is none of these.</summary>
    internal static MaildirSize? Parse(string word)
    {
        MaildirSize quota = default;
        foreach (string part in word.Split(','))
        {
            string digits = part.TrimEnd('K', 'M', 'G', 'S', 'C');
            long factor = part[digits.Length..] switch
            {
                "" or "S" or "C" => 1,
                "K" => 1L << 10,
                "M" => 1L << 20,
                "G" => 1L << 30,
                _ => 0,
            };
            if (!long.TryParse(
                    digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                || factor == 0 || number is 0 || number >= BytesLimit / factor)
            {
                return null;
            }

            bool messages = part.EndsWith('C');
            if ((messages ? quota.MessagesMax : quota.BytesMax) != 0)
            {
                return null;
            }

            quota = messages
                ? quota with { MessagesMax = number }
                : quota with { BytesMax = number * factor };
        }

        return quota;
    }

    private static MaildirSize? Wanted(string? word) => word is null or "none" ? null
        : Parse(word) ?? throw AccountCommand.Refused(
            $"not a size: {AccountCommand.Safe(word)}; use 500M, 2G, 10000C (messages), 2G,10000C");

    /// <summary>Runs the command as the present user.</summary>
    internal static string Act(byte[] maildir, string address, string? word)
    {
        MaildirSize? quota = Wanted(word);
        if (word == "none")
        {
            MaildirQuota.Remove(maildir);
        }

        MaildirSize? now = quota is { } wanted
            ? MaildirQuota.Recalculate(maildir, wanted)
                ?? throw new IOException($"the mailbox of {address} cannot be read")
            : MaildirSizeFile.Read(maildir);
        return now is not { IsUnlimited: false } size
            ? $"{address}: no quota\n"
            : $"{address}: {size.Bytes} bytes{Of(size.BytesMax)}, "
                + $"{size.Messages} messages{Of(size.MessagesMax)}\n";
    }

    private static string Of(long most) => most == 0 ? "" : $" of {most}";
}
