// Judges PDFs by veraPDF's own profiles, which are read here because the library's reader needs a JAXB that it lacks.
import java.io.FileInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.logging.LogManager;
import javax.xml.parsers.DocumentBuilderFactory;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.ErrorArgument;
import org.verapdf.pdfa.validation.profiles.ErrorArgumentImpl;
import org.verapdf.pdfa.validation.profiles.Profiles;
import org.verapdf.pdfa.validation.profiles.Rule;
import org.verapdf.pdfa.validation.profiles.ValidationProfile;
import org.verapdf.pdfa.validation.profiles.Variable;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

public class VeraPdf {
  static List<Element> all(Element parent, String name) {
    List<Element> found = new ArrayList<>();
    NodeList nodes = parent.getElementsByTagName(name);
    for (int i = 0; i < nodes.getLength(); i++) found.add((Element) nodes.item(i));
    return found;
  }

  static String text(Element parent, String name) {
    return all(parent, name).get(0).getTextContent();
  }

  static ValidationProfile profile(String name) throws Exception {
    InputStream file = VeraPdf.class.getResourceAsStream("/org/verapdf/pdfa/validation/" + name + ".xml");
    Element root = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file).getDocumentElement();
    Set<Rule> rules = new LinkedHashSet<>();
    for (Element rule : all(root, "rule")) {
      Element id = all(rule, "id").get(0);
      List<ErrorArgument> arguments = new ArrayList<>();
      for (Element one : all(rule, "argument")) arguments.add(ErrorArgumentImpl.fromValues(one.getTextContent(), one.getAttribute("name"), null));
      rules.add(Profiles.ruleFromValues(
          Profiles.ruleIdFromValues(PDFAFlavour.Specification.valueOf(id.getAttribute("specification")),
              id.getAttribute("clause"), Integer.parseInt(id.getAttribute("testNumber"))),
          rule.getAttribute("object"), rule.getAttribute("deferred").equals("true"), rule.getAttribute("tags"),
          text(rule, "description"), text(rule, "test"), Profiles.errorFromValues(text(rule, "message"), arguments),
          List.of()));
    }
    Set<Variable> variables = new LinkedHashSet<>();
    for (Element one : all(root, "variable"))
      variables.add(Profiles.variableFromValues(one.getAttribute("name"), one.getAttribute("object"),
          text(one, "defaultValue"), text(one, "value")));
    return Profiles.profileFromValues(PDFAFlavour.valueOf(root.getAttribute("flavour")),
        Profiles.profileDetailsFromValues(name, "", "", new Date(0)), "", rules, variables);
  }

  public static void main(String[] given) throws Exception {
    LogManager.getLogManager().reset();
    VeraGreenfieldFoundryProvider.initialise();
    for (String name : given[0].split(",")) {
      ValidationProfile profile = profile(name);
      for (int i = 1; i < given.length; i++)
        try (PDFAParser parser = Foundries.defaultInstance().createParser(new FileInputStream(given[i]), profile.getPDFAFlavour());
            PDFAValidator validator = Foundries.defaultInstance().createValidator(profile, false)) {
          ValidationResult result = validator.validate(parser);
          StringBuilder faults = new StringBuilder();
          for (TestAssertion one : result.getTestAssertions())
            if (one.getStatus() == TestAssertion.Status.FAILED)
              faults.append(" | ").append(one.getRuleId().getClause()).append("-").append(one.getRuleId().getTestNumber())
                  .append(" ").append(one.getMessage());
          System.out.println(given[i] + "\t" + name + "\t" + result.isCompliant() + "\t" + result.getTotalAssertions()
              + "\t" + profile.getRules().size() + "\t" + faults);
        }
    }
  }
}
