using Humanizer;

namespace Quote;

public sealed record LoanRequest(decimal Principal, int Years, decimal YearlyRatePercent);

public sealed record LoanQuote(decimal MonthlyPayment, decimal TotalInterest, string Words);

/// <summary>A loan in, its quote out. Handler: Quote::Quote.Function::Handle</summary>
public sealed class Function
{
    public LoanQuote Handle(LoanRequest request)
    {
        var months = request.Years * 12;
        var rate = (double)request.YearlyRatePercent / 1200;
        var payment = Math.Round(request.Principal * (decimal)(rate / (1 - Math.Pow(1 + rate, -months))), 2);
        Console.WriteLine($"quoting {"month".ToQuantity(months)}");
        return new LoanQuote(payment, (payment * months) - request.Principal, $"{((long)payment).ToWords()} a month");
    }
}
