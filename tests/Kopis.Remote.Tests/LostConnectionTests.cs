using System.Net;
using System.Text;
using Kopis.Mail.SmtpClient;

namespace Kopis.Remote.Tests;

/// <summary>What a transaction comes to where the server's replies end at any byte.</summary>
public sealed class LostConnectionTests
{
    private const string Replies =
        "250 ok\r\n250 ok\r\n550 no\r\n452 4.5.3 too many\r\n251 ok\r\n354 go\r\n250 taken\r\n";

    private static readonly byte[][] People =
        ["a@y"u8.ToArray(), "b@y"u8.ToArray(), "c@y"u8.ToArray(), "d@y"u8.ToArray()];

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 4096)]
    [InlineData(false, 3)]
    public async Task No_byte_is_the_wrong_one(bool isPipelined, int cutBytes)
    {
        int[] ends =
            [.. Enumerable.Range(1, Replies.Length).Where(end => Replies[end - 1] == '\n')];
        for (int cut = 0; cut <= Replies.Length; cut++)
        {
            TransactionResult result = await Play(Replies[..cut], isPipelined, cutBytes);
            int replies = ends.Count(end => end <= cut); // Whole ones.
            bool isAllSent = replies >= 6; // The message and its end.
            TransactionEnd expected = replies < 2 ? TransactionEnd.NoSession
                : isAllSent ? TransactionEnd.Reported
                : TransactionEnd.Broken;
            Assert.Equal((cut, expected), (cut, result.End));
            string letters = string.Concat(result.Report.Recipients.Select(one => one.Letter));
            Assert.Equal("rhsr"[..Math.Clamp(replies - 1, 0, 4)], letters);
            Assert.Equal(replies >= 4 ? [2] : [], result.Later);
            Assert.Equal(replies == 7 ? 'K' : 'Z', result.Report.Letter);
            Assert.Equal(
                replies == 6, Encoding.ASCII.GetString(result.Report.Text).Contains("duplicate"));
            if (result.End == TransactionEnd.Broken)
            {
                Assert.Equal(replies - 1, result.Culprit);
                Assert.Equal(replies == 5, result.IsAtMessage);
            }
        }
    }

    [Theory]
    [InlineData("550 no\r\n", TransactionEnd.Reported, 'D')]
    [InlineData("451 no\r\n", TransactionEnd.NoSession, 'Z')]
    [InlineData("421 no\r\n", TransactionEnd.NoSession, 'Z')]
    [InlineData("999 no\r\n", TransactionEnd.NoSession, 'Z')]
    [InlineData("no\r\n", TransactionEnd.NoSession, 'Z')]
    [InlineData("250 ok\r\n421 no\r\n", TransactionEnd.NoSession, 'Z')]
    [InlineData("250 ok\r\n354 no\r\n", TransactionEnd.NoSession, 'Z')]
    [InlineData("250 ok\r\n250 ok\r\n421 no\r\n", TransactionEnd.Broken, 'Z')]
    [InlineData("250 ok\r\n250 ok\r\n120 no\r\n", TransactionEnd.Broken, 'Z')]
    [InlineData("250 ok\r\n250 1\r\n250 2\r\n250 3\r\n250 4\r\n250 no\r\n",
        TransactionEnd.Broken, 'Z')]
    [InlineData("250 ok\r\n250 1\r\n250 2\r\n250 3\r\n250 4\r\n451 no\r\n",
        TransactionEnd.Refused, 'Z')]
    [InlineData("250 ok\r\n250 1\r\n550 2\r\n550 3\r\n550 4\r\n554 no\r\n",
        TransactionEnd.Reported, 'D')]
    [InlineData("250 ok\r\n250 1\r\n250 2\r\n250 3\r\n250 4\r\n354 go\r\n554 no\r\n",
        TransactionEnd.Refused, 'D')]
    [InlineData("250 ok\r\n250 1\r\n250 2\r\n250 3\r\n250 4\r\n354 go\r\n354 no\r\n",
        TransactionEnd.Reported, 'Z')]
    public async Task What_a_reply_comes_to(string replies, object end, char letter)
    {
        TransactionResult result = await Play(replies, isPipelined: true, cutBytes: 4096);
        Assert.Equal((end, letter), (result.End, result.Report.Letter));
    }

    private static async Task<TransactionResult> Play(
        string replies, bool isPipelined, int cutBytes)
    {
        await using ScriptStream server = ScriptStream.OfReplies(cutBytes, replies);
        using SmtpConnection peer = new(server, () => server.HasMore, TimeSpan.FromSeconds(30));
        SmtpLink link = new(peer, IPAddress.Parse("1.2.3.4"), "y", DateTimeOffset.UnixEpoch)
        {
            Offers = new ServerOffers { Pipelining = isPipelined },
        };
        RemoteMail mail = new("s@x"u8.ToArray(), People, new MemoryMessage("line\n"));
        return await new ClientTransaction(link, mail)
            .RunAsync(TestContext.Current.CancellationToken);
    }
}
