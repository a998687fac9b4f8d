using System.Text;
using Kopis.Base;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>Why recipients are still here: what is kept, and how much memory that takes.</summary>
[Collection(MemoryIsMeasured.Name)]
public sealed class ReasonTests(ITestOutputHelper output)
{
    [Fact]
    public void A_text_is_kept_once_and_as_long_as_someone_has_it()
    {
        ReasonTexts texts = new();
        WholeMessage message = Make.Message(8, "s@x", "r1@x", "r2@x");
        texts.Note(message, 0, "later\n"u8, 100);
        texts.Note(message, 1, "later\n"u8, 101);
        texts.Note(message, 1, "later\n"u8, 102);
        Assert.Equal(1, texts.Count);
        Assert.Equal(2U, message.Note(1).Tries);
        Assert.Equal(102U, message.Note(1).LastTry);
        Assert.Equal("later\n", ByteText.ToText(texts[message.Note(0).Text]));
        texts.Forget(message, 0);
        Assert.Equal(1, texts.Count);
        texts.Note(message, 1, "other\n"u8, 103);
        Assert.Equal(1, texts.Count);
        texts.Forget(message, 1);
        Assert.Equal(0, texts.Count);
    }

    [Fact]
    public void Texts_are_bounded_and_a_recipient_without_one_is_still_counted()
    {
        ReasonTexts texts = new(bytesMax: 1000);
        WholeMessage message = Make.Message(8, "s@x", [.. Enumerable.Repeat("r@x", 100)]);
        for (int i = 0; i < 100; i++)
        {
            texts.Note(message, i, Encoding.Latin1.GetBytes($"text {i}"), 100);
        }

        Assert.InRange(texts.Count, 1, 10);
        Assert.Equal((0U, 1U), (message.Note(99).Text, message.Note(99).Tries));
    }

    /// <summary>All that qmail-send keeps of a deferred recipient, the schedule included.</summary>
    [Trait("Size", "large")]
    [Theory]
    [InlineData(1, 300)]
    [InlineData(2, 200)]
    [InlineData(100, 200)]
    public void Deferred_recipients_take_little_memory(int recipients, int bytesMax)
    {
        const int all = 1_000_000;
        long before = GC.GetTotalMemory(forceFullCollection: true);
        ReasonTexts texts = new();
        Scheduler scheduler = new(604_800, batch: true);
        for (int i = 0; i < all / recipients; i++)
        {
            string[] addresses = [.. Enumerable.Range(0, recipients)
                .Select(n => $"recipient{n:d6}@host{i % 1000:d3}.example")];
            WholeMessage message = Make.Message((ulong)i, "sender@example.org", addresses);
            message.SetDue(DeliveryChannel.Remote, Make.Born + 400 + (i % 5000));
            scheduler.Add(message);
            for (int n = 0; n < recipients; n++)
            {
                texts.Note(message, n, Encoding.Latin1.GetBytes($"451 later {i % 500}"), 100);
            }
        }

        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / all;
        output.WriteLine($"{recipients} recipients a message: {each} bytes each");
        GC.KeepAlive(texts);
        GC.KeepAlive(scheduler);
        Assert.InRange(each, 1, bytesMax);
    }
}
